"""What is unusual about a login, judged from the logins before it (ACCOUNTS §3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from accounts.models import LoginEvent

PACE = timedelta(hours=2)  # nobody changes the country faster


@dataclass(frozen=True, slots=True)
class Signals:
    """``new_country`` and ``impossible_pace`` are only said where both countries are known."""

    new_device: bool = False
    new_prefix: bool = False
    new_country: bool = False
    impossible_pace: bool = False

    @property
    def is_unusual_place(self) -> bool:
        return self.new_prefix or self.new_country or self.impossible_pace

    @property
    def holds_payouts(self) -> bool:
        """A new device in a new country, or a journey nobody makes: money waits a day."""
        return (self.new_device and self.new_country) or self.impossible_pace

    def as_facts(self) -> dict[str, bool]:
        return {name: getattr(self, name) for name in self.__slots__}


def read_signals(event: LoginEvent) -> Signals:
    """Compare one login with all of this person's before; the very first one is never unusual."""
    before = LoginEvent.objects.filter(user_id=event.user_id, outcome="in", pk__lt=event.pk)
    last = before.order_by("-pk").first()
    if last is None:
        return Signals()
    known = before.exclude(country="")
    new_country = bool(event.country) and known.exists() and not known.filter(country=event.country).exists()
    moved = bool(event.country and last.country) and event.country != last.country
    return Signals(
        new_device=bool(event.facts.get("new_device")),
        new_prefix=bool(event.prefix) and not before.filter(prefix=event.prefix).exists(),
        new_country=new_country,
        impossible_pace=moved and event.at - last.at < PACE,
    )
