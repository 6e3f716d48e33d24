"""The rules of a deal, as versioned rows: MISSION.md, default policies. Durations in whole minutes or hours."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from core import clock
from core.models import Policy
from core.prepared import Blank, Prepared


@dataclass(frozen=True, slots=True)
class Rules:
    """One order kind's rules. Defaults are those of physical goods."""

    pay_by_minutes: int = 30
    ship_by_hours: int = 48
    ship_by_minutes: int = 0  # on top of the hours, where hours are too coarse
    ship_reminder_hours: tuple[int, ...] = (24, 48)
    never_shipped_hours: int = 168
    inspection_hours: int = 168
    inspection_weak_hours: int = 240  # evidence class D
    min_after_first_scan_hours: int = 240
    release_warning_hours: tuple[int, ...] = (48, 24)
    min_notice_hours: int = 24  # never released sooner than this after the last warning really went out
    payout_hours: int = 24
    extension_hours: int = 72
    grant_days: tuple[int, ...] = (3, 5, 7, 10)
    grants_most: int = 2  # per order, and all of them together:
    grant_days_most: int = 14
    answer_unshipped_hours: int = 48
    answer_shipped_hours: int = 120
    return_by_hours: int = 168
    inspect_return_hours: int = 240
    escalate_hours: int = 168
    evidence_hours: int = 72
    decide_hours: int = 120
    collect_reminder_hours: tuple[int, ...] = (24, 72)
    uncollected_case_hours: int = 168
    after_sale_hours: int = 168  # how long after completion the platform may still have money given back
    fee_bps: int = 500  # the platform's fee in basis points of what is released

    @property
    def longest_hold(self) -> timedelta:
        """How long money is held at most while nobody quarrels: shipped at the last moment, looked at to the end."""
        look = max(self.inspection_weak_hours, self.min_after_first_scan_hours) + self.extension_hours
        return timedelta(hours=self.never_shipped_hours + look)

    @property
    def ship_by(self) -> timedelta:
        """How long after the payment the goods must be handed over; from then on the buyer may cancel at once."""
        return timedelta(hours=self.ship_by_hours, minutes=self.ship_by_minutes)

    def hours(self, name: str) -> timedelta:
        return timedelta(hours=getattr(self, name))


# Delivered by the payment itself: looked at 24 hours after the reveal, or three days where nobody opens it.
CODE = Rules(
    pay_by_minutes=15, ship_by_hours=0, ship_by_minutes=5, ship_reminder_hours=(), never_shipped_hours=1,
    inspection_hours=24, inspection_weak_hours=72, min_after_first_scan_hours=0, release_warning_hours=(6,),
    min_notice_hours=6, extension_hours=24, grant_days=(), grants_most=0, grant_days_most=0,
    answer_unshipped_hours=24, answer_shipped_hours=24, evidence_hours=48, decide_hours=48,
    collect_reminder_hours=(), after_sale_hours=72,
)  # fmt: skip
DEFAULTS: dict[str, Rules] = {"physical": Rules(), "code": CODE}
KIND_WORDS = {"physical": _("Goods that are shipped"), "code": _("Codes, delivered by the payment itself")}


_NEWEST = Prepared(lambda: Policy.objects.filter(kind=Blank("kind")).order_by("-version")[:1])


def current(kind: str) -> Policy:
    """The newest version for an order kind; the first is written from the defaults."""
    row = _NEWEST.first(kind=kind)
    if row is None:
        row, _is_new = Policy.objects.get_or_create(
            kind=kind, version=1, defaults={"values": asdict(DEFAULTS[kind]), "created_at": clock.now()}
        )
    return row


def versions() -> list[Policy]:
    """Every version of every kind of order, the newest of each kind first."""
    for kind in DEFAULTS:
        current(kind)
    place = list(DEFAULTS)
    return sorted(Policy.objects.filter(kind__in=place).order_by("-version"), key=lambda row: place.index(row.kind))


@lru_cache(maxsize=256)
def rules_of(policy_id: int) -> Rules:
    """The rules an order was bought under. Versions never change, so they may be remembered."""
    values: dict[str, Any] = Policy.objects.values_list("values", flat=True).get(pk=policy_id)
    return from_values(values)


def from_values(values: dict[str, Any]) -> Rules:
    known = {name: value for name, value in values.items() if name in Rules.__dataclass_fields__}
    typed: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in known.items()}
    return Rules(**typed)
