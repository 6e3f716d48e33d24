"""
The way back: a merchant's time to look at returned goods runs from their arrival, never from a typed number (D11).

Until the carrier delivers them the clock stands at the promised arrival and the time to look; goods that have not come
by then are nobody's silence, so the platform looks into it. A carrier that reports nothing is believed to keep its
promise, no sooner.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core import deadlines, outbox
from core.policies import Rules, rules_of
from disputes.models import Case
from disputes.states import CaseStatus
from logistics import eta
from logistics.models import Shipment
from logistics.services import polling
from logistics.services.tracking import Progress
from logistics.states import ShipmentStatus
from shop.models import Order


def is_by_hand(parcel: Shipment) -> bool:
    """Whether its carrier cannot report."""
    return parcel.carrier.adapter == "manual"


def has_arrived(parcel: Shipment) -> bool:
    """Whether the carrier has brought it to the merchant."""
    return parcel.status == ShipmentStatus.DELIVERED and parcel.delivered_at is not None


def is_unseen(parcel: Shipment) -> bool:
    """Whether its number is known and nothing else: no scan of a carrier that would report one."""
    return not is_by_hand(parcel) and parcel.status in (ShipmentStatus.UNKNOWN, ShipmentStatus.CREATED)


def is_merchants_turn(parcel: Shipment | None) -> bool:
    """Whether returned goods wait for the merchant: they have come, or nobody will report that they have."""
    return parcel is None or is_by_hand(parcel) or has_arrived(parcel)


def parcel_of(case: Case) -> Shipment | None:
    """The parcel in which the goods of a case come back."""
    rows = Shipment.objects.filter(order_id=case.order_id, direction="back", created_at__gte=case.opened_at)
    return rows.select_related("carrier").order_by("-created_at", "-id").first()


def promised_arrival(parcel: Shipment) -> datetime:
    """The end of the last promised day."""
    booked = parcel.created_at + timedelta(hours=parcel.carrier.promise_hours)
    if parcel.eta_to is None or is_by_hand(parcel):
        return booked
    return max(booked, eta.end_of(parcel.eta_to))


def inspect_by(parcel: Shipment, *, rules: Rules) -> datetime:
    """When the time to look is over, as far as is known by now."""
    begins = promised_arrival(parcel)
    if has_arrived(parcel):
        assert parcel.delivered_at is not None
        arrived = max(parcel.delivered_at, parcel.created_at)  # a borrowed number brings an older story
        begins = max(arrived, begins) if is_by_hand(parcel) else arrived
    return begins + rules.hours("inspect_return_hours")


def begin(case: Case, parcel: Shipment, *, rules: Rules, now: datetime) -> None:
    """The number is known: wait for the carrier, and ask it."""
    deadlines.cancel_all(subjects=[case.pk])
    deadlines.schedule("case.inspect_by", subject=case.pk, due_at=inspect_by(parcel, rules=rules))
    if not is_by_hand(parcel):
        deadlines.schedule("tracking.poll", subject=parcel.pk, due_at=polling.next_poll_at(parcel, now=now))


def follow(order: Order, progress: Progress, *, now: datetime) -> None:
    """The carrier has spoken of goods on their way back: the merchant's clock goes after them."""
    parcel = progress.shipment
    case = Case.objects.filter(order_id=order.pk, status=CaseStatus.RETURN_SENT).first()
    if case is None or case.opened_at > parcel.created_at:
        return
    rules = rules_of(order.policy_id)
    due_at = inspect_by(parcel, rules=rules)
    if not has_arrived(parcel):
        deadlines.schedule("case.inspect_by", subject=case.pk, due_at=due_at)
    elif progress.delivered_at is not None:  # what we learn late still leaves the merchant time to answer
        soonest = now + rules.hours("min_notice_hours")
        deadlines.schedule("case.inspect_by", subject=case.pk, due_at=max(due_at, soonest))
        outbox.publish("disputes.arrived_back", case_id=str(case.pk))
