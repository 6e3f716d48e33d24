"""What lies on the table: offers and the claim itself, with what taking them would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from core.money import Money
from disputes.models import Offer
from disputes.states import MONEY_REMEDIES, CaseStatus, Party, Remedy
from disputes.views.seats import Seat


@dataclass(frozen=True, slots=True)
class Split:
    """Who gets what of the held amount, as numbers that add up."""

    back: Money
    keep: Money
    total: Money

    @property
    def percent(self) -> float:
        return self.back.minor * 100 / self.total.minor if self.total.minor else 0.0


def split_of(back: Money, held: Money) -> Split:
    return Split(back, held - back, held)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An offer, or the claim itself, as components/offer_card.html prints it, with what taking it would do."""

    party: str
    remedy: str
    amount: Money | None
    text: str
    at: datetime
    state: str
    tone: str
    open: bool
    accept_label: str = ""
    terms: str = "claim"  # what accepting it refers to
    split: Split | None = None


def accept_label(remedy: str, amount: Money, *, mine: bool) -> str:
    """An act that cannot be undone repeats its amount."""
    names = {"amount": amount, "what": Remedy(remedy).label}
    if remedy == Remedy.RETURN:
        return (
            _("Accept: send back, then get %(amount)s") % names
            if mine
            else _("Accept: goods back, then refund %(amount)s") % names
        )
    if remedy in MONEY_REMEDIES:
        return _("Accept and get %(amount)s back") % names if mine else _("Accept and refund %(amount)s") % names
    return _("Accept: %(what)s") % names


def proposal(seat: Seat, offer: Offer, held: Money) -> Proposal:
    """An offer, as this seat sees it."""
    states = {
        "open": _("Waiting for an answer"),
        "accepted": _("Accepted"),
        "refused": _("Refused"),
        "replaced": _("Replaced"),
    }
    is_money = offer.remedy in MONEY_REMEDIES
    fits = is_money and seat.case.is_open and offer.amount <= held
    return Proposal(
        party=str(Party(offer.party).label), remedy=str(Remedy(offer.remedy).label),
        amount=offer.amount if is_money else None,
        text=offer.text, at=offer.created_at, state=states.get(offer.status, offer.status),
        tone={"open": "wait", "accepted": "safe"}.get(offer.status, "quiet"),
        open=offer.status == "open" and seat.case.is_open and offer.party != seat.party,
        accept_label=accept_label(offer.remedy, offer.amount, mine=seat.mine),
        terms=str(offer.pk),
        split=split_of(offer.amount, held) if fits and offer.status == "open" else None,
    )  # fmt: skip


def claim(seat: Seat, held: Money, theirs: Offer | None) -> Proposal:
    """The claim itself: the merchant may take it while it waits for him and no newer offer replaces it."""
    case = seat.case
    is_money = case.want in MONEY_REMEDIES
    takes = seat.party == Party.MERCHANT and theirs is None and case.status in (CaseStatus.OPEN, CaseStatus.REFUSED)
    return Proposal(
        party=str(Party.BUYER.label), remedy=str(Remedy(case.want).label), amount=case.amount if is_money else None,
        text=case.text, at=case.opened_at, state=str(case.get_ground_display()),
        tone="wait" if case.is_open else "quiet",
        open=takes, accept_label=accept_label(case.want, case.amount, mine=False),
        split=split_of(case.amount, held) if is_money and case.is_open and case.amount <= held else None,
    )  # fmt: skip
