"""The readable audit (R1): entries of the trail as sentences for a party."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.models import AuditEntry
from logistics.states import ShipmentStatus
from shop.models import Order, StoreMember


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One happening: when, who (buyer, merchant, platform, system) and what, in words."""

    at: datetime
    who: str
    text: str
    reason: str = ""


# act → words; acts that are missing here are inner steps and are shown to staff only
WORDS: dict[str, str] = {
    "order.placed": gettext_noop("Order placed"),
    "order.paid": gettext_noop("Payment confirmed"),
    "order.shipped": gettext_noop("Parcel booked"),
    "order.first_scan": gettext_noop("Picked up by the carrier"),
    "order.delivered": gettext_noop("Delivered"),
    "code.revealed": gettext_noop("Codes opened by the buyer"),
    "code.opened_by_staff": gettext_noop("Codes opened by the platform's staff"),
    "code.replaced": gettext_noop("A code was replaced"),
    "order.completed": gettext_noop("Order completed"),
    "order.refunded": gettext_noop("Order refunded"),
    "order.cancelled": gettext_noop("Order cancelled"),
    "order.extended": gettext_noop("Inspection time extended by the buyer"),
    "order.granted": gettext_noop("More inspection time given by the merchant"),
    "hold.opened": gettext_noop("Money put into escrow"),
    "hold.frozen": gettext_noop("Money frozen"),
    "hold.held": gettext_noop("Money no longer frozen"),
    "hold.released": gettext_noop("Money released to the merchant"),
    "hold.refunded": gettext_noop("Money refunded to the buyer"),
    "hold.split": gettext_noop("Money split between buyer and merchant"),
    "case.opened": gettext_noop("After-sale case opened"),
    "case.offered": gettext_noop("Offer made"),
    "case.refused": gettext_noop("Claim refused"),
    "case.mediation": gettext_noop("Platform called"),
    "case.return_due": gettext_noop("Agreed: goods go back"),
    "case.return_sent": gettext_noop("Goods sent back"),
    "case.resend_due": gettext_noop("Agreed: send again"),
    "case.agreed": gettext_noop("Case settled"),
    "case.ruled": gettext_noop("Case decided by the platform"),
    "case.withdrawn": gettext_noop("Case closed without a change"),
    "hold.part": gettext_noop("A part of the money moved, the rest stays held"),
    "hold.returned": gettext_noop("Money given back by the merchant"),
    "hold.charged_back": gettext_noop("Money taken back by the payer's bank"),
    "refund.done": gettext_noop("Refund confirmed by the payment provider"),
}

# What staff read besides; the steps of a parcel have the words of its states.
INNER: dict[str, str] = {
    "case.taken": gettext_noop("A mediator took the case"),
    "case.link": gettext_noop("The store wrote a link in the case"),
    "shipment.booked": gettext_noop("Parcel written down"),
    "refund.pending": gettext_noop("Refund prepared"),
    "refund.sent": gettext_noop("Refund sent to the payment provider"),
}


def _inner(act: str) -> str:
    kind, _dot, state = act.partition(".")
    if kind == "shipment" and state in ShipmentStatus.values:
        return _("Parcel: %(state)s") % {"state": ShipmentStatus(state).label}
    return _(INNER[act]) if act in INNER else act


def tell(entries: Iterable[AuditEntry], *, viewer: str, order: Order) -> list[StoryLine]:
    """Put the trail into words; staff see every entry, parties those that concern them."""
    lines, known = [], list(entries)
    team = _team(known, order)
    for entry in known:
        is_first = entry.act == "hold.held" and "from" not in entry.facts
        words = WORDS.get("hold.opened" if is_first else entry.act)
        if words is None and viewer != "staff":
            continue
        lines.append(
            StoryLine(
                at=entry.at,
                who=_who(entry, order, team),
                text=_(words) if words else _inner(entry.act),
                reason=entry.reason if viewer == "staff" else "",
            )
        )
    return lines


def _team(entries: Sequence[AuditEntry], order: Order) -> set[UUID]:
    """Who of those that acted works or worked in the store; no query where only the usual people did."""
    others = {entry.user_id for entry in entries if entry.user_id} - {order.buyer_id, order.store.owner_id}
    if not others:
        return set()
    rows = StoreMember.objects.filter(store_id=order.store_id, user_id__in=others)
    return set(rows.values_list("user_id", flat=True))


def _who(entry: AuditEntry, order: Order, team: set[UUID]) -> str:
    if entry.user_id is None:
        return _("System")
    if entry.user_id == order.buyer_id:
        return _("Buyer")
    if entry.user_id == order.store.owner_id or entry.user_id in team:
        return _("Merchant")
    return _("Platform")
