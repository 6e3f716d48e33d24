"""What happened in a case, in words: its lines and its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.money import Money
from disputes.models import Case, CaseEntry
from disputes.states import MONEY_REMEDIES, Ground, Party, Remedy

Say = Callable[[Case, dict[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the room. ``tone`` colours who speaks; ``is_step``: a step of the process rather than words."""

    at: datetime
    who: str
    title: str
    text: str
    tone: str
    is_step: bool
    is_mine: bool
    links: tuple[str, ...] = ()  # which its writer confirmed; they open by the page that warns
    subject: str = ""


TONES = {Party.BUYER: "wait", Party.MERCHANT: "frozen", Party.PLATFORM: "safe"}
STEPS: dict[str, Promise] = {
    "accepted": gettext_lazy("agreed"),
    "refused": gettext_lazy("refused"),
    "escalated": gettext_lazy("called the platform"),
    "withdrawn": gettext_lazy("took the claim back"),
    "goods_back": gettext_lazy("received the returned goods"),
    "silent": gettext_lazy("did not answer in the printed time"),
    "not_arrived": gettext_lazy("has not delivered the returned goods in time"),
    "evidence": gettext_lazy("added evidence"),
}


def lines_of(case: Case, entries: Iterable[CaseEntry], *, party: str) -> list[Line]:
    """The room's lines, oldest first, for one reader."""
    return [
        Line(
            at=entry.at,
            who=str(Party(entry.party).label),
            title=_title(case, entry),
            text=entry.text,
            tone=TONES.get(Party(entry.party), "quiet"),
            is_step=entry.act != "said",
            is_mine=entry.party == party,
            links=tuple(entry.facts.get("links", ())),
            subject=f"case:{entry.pk}",
        )
        for entry in entries
    ]


def remedy_words(remedy: str, amount: Money) -> str:
    """``Partial refund, goods kept: ¥20.00``; without an amount where goods are sent instead."""
    label = str(Remedy(remedy).label)
    return _("%(remedy)s: %(amount)s") % {"remedy": label, "amount": amount} if remedy in MONEY_REMEDIES else label


def _title(case: Case, entry: CaseEntry) -> str:
    facts = entry.facts
    if entry.act in ("sent_back", "resent"):
        words = (
            _("sent the goods back, parcel %(number)s")
            if entry.act == "sent_back"
            else _("sent again, parcel %(number)s")
        )
        return words % {"number": facts.get("number", "")}
    if entry.act == "ruled":
        back, keep = Money(facts["refund_minor"], case.currency), Money(facts["release_minor"], case.currency)
        return _("decided: %(back)s to the buyer, %(keep)s to the merchant") % {"back": back, "keep": keep}
    if entry.act == "opened":
        wants = remedy_words(facts["want"], Money(facts["amount_minor"], case.currency))
        return _("opened the case: %(ground)s. Wants: %(want)s") % {
            "ground": Ground(facts["ground"]).label,
            "want": wants,
        }
    if entry.act in ("offered", "accepted") and "remedy" in facts:
        words = remedy_words(facts["remedy"], Money(facts["amount_minor"], facts["currency"]))
        return (_("offered: %(what)s") if entry.act == "offered" else _("accepted: %(what)s")) % {"what": words}
    return str(STEPS.get(entry.act, "")) if entry.act != "said" else ""
