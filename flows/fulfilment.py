"""From the merchant's shelf to the buyer's hands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts import regions
from core import deadlines, outbox
from core.actor import SYSTEM, Actor
from core.errors import NotFound
from core.policies import rules_of
from escrow.errors import ChargebackOpen
from escrow.services.moves import is_disputed
from flows import clocks, returns
from flows.errors import AlreadyClosed, AlreadyShipped, CaseIsOpen, NothingToShip
from logistics.carriers.base import Snapshot
from logistics.models import Shipment
from logistics.services import polling, shipments, tracking
from logistics.states import ShipmentStatus
from shop.models import Order
from shop.roles import Act
from shop.services import orders
from shop.services.access import require
from shop.states import Kind, OrderStatus

GOING_BACK = (ShipmentStatus.RETURNING, ShipmentStatus.RETURNED, ShipmentStatus.LOST)


@transaction.atomic
def ship(
    *,
    order_id: UUID,
    store_id: UUID,
    carrier_code: str,
    number: str,
    weight_g: int | None,
    photos: Sequence[UploadedFile],
    actor: Actor,
    now: datetime,
) -> Shipment:
    """
    Book a parcel for a paid order. The merchant's clock stops at the carrier's first scan, not at this click.

    :raises CaseIsOpen: while an after-sale case is open
    :raises ChargebackOpen: while the payer's bank has the money
    :raises AlreadyShipped: if the order has its parcel
    """
    order = orders.lock_order(order_id)
    if order.store_id != store_id:
        raise NotFound
    require(order.store, Act.SHIP, actor=actor)
    if not order.is_open or order.status == OrderStatus.PENDING:
        raise AlreadyClosed
    if order.kind == Kind.CODE:
        raise NothingToShip
    if order.in_case:
        raise CaseIsOpen
    if order.status != OrderStatus.PAID:
        raise AlreadyShipped
    if order.payment_id is not None and is_disputed(order.payment_id):
        raise ChargebackOpen
    shipment = shipments.book(
        order_id=order_id, store_id=store_id, carrier_code=carrier_code, number=number,
        city=regions.town(order.address), weight_g=weight_g, photos=photos, paid_at=order.paid_at or now, actor=actor,
        now=now,
    )  # fmt: skip
    orders.move(order, OrderStatus.SHIPPED, actor=actor, reason=f"parcel {shipment.number}")
    begin_watch(order, shipment, now=now)
    outbox.publish("logistics.booked", order_id=str(order_id), shipment_id=str(shipment.pk))
    return shipment


def begin_watch(order: Order, shipment: Shipment, *, now: datetime) -> None:
    """
    Ask the carrier from now on. A carrier that reports nothing has no first scan to wait for: the click counts, and the
    buyer's inspection time, of the longest class, starts only after the promised transit (:func:`assume_delivered`).
    """
    if shipment.carrier.adapter != "manual":
        deadlines.schedule("tracking.poll", subject=shipment.pk, due_at=polling.next_poll_at(shipment, now=now))
        return
    rules_of(order.policy_id)
    orders.note_shipped(order, at=now)
    clocks.stop_shipping(order.pk)
    deadlines.schedule(
        "order.assume_delivered", subject=order.pk, due_at=now + timedelta(hours=shipment.carrier.promise_hours)
    )


@transaction.atomic
def tracking_received(*, shipment_id: UUID, snapshot: Snapshot, provider: str, now: datetime) -> None:
    """Take in what a carrier says of a parcel: append, derive, and let the deal follow. Safe to repeat."""
    order_id = Shipment.objects.values_list("order_id", flat=True).get(pk=shipment_id)
    order = orders.lock_order(order_id)
    progress = tracking.receive(
        shipment_id=shipment_id, snapshot=snapshot, provider=provider, paid_at=order.paid_at or now, now=now
    )
    shipment = progress.shipment
    for milestone in progress.messages:
        outbox.publish("logistics.progress", order_id=str(order_id), shipment_id=str(shipment_id), milestone=milestone)
    if not order.is_open or shipment.superseded:
        return
    if shipment.direction == "back":
        returns.follow(order, progress, now=now)
        return
    if progress.first_scan_at is not None and order.shipped_at is None:
        orders.note_shipped(order, at=progress.first_scan_at)
        clocks.stop_shipping(order_id)
    _follow(order, shipment, old=progress.old_status, now=now)


def _follow(order: Order, shipment: Shipment, *, old: str, now: datetime) -> None:
    """Move the order and its clocks after its parcel."""
    rules = rules_of(order.policy_id)
    if shipment.status == ShipmentStatus.DELIVERED and order.status == OrderStatus.SHIPPED:
        if _all_delivered(order.pk):
            _delivered(order, shipment, now=now)
    elif shipment.status == old:
        return
    elif shipment.status == ShipmentStatus.AWAITING_COLLECTION:
        clocks.start_collection(order.pk, rules=rules, now=now)
    elif shipment.status in GOING_BACK:
        clocks.pause(order.pk, reason="parcel")
    elif old in GOING_BACK and not order.in_case:
        clocks.resume(order.pk, rules=rules)


def is_going_back(order_id: UUID) -> bool:
    """Whether the goods are on their way to the merchant, or lost: then no clock may pay him."""
    parcels = Shipment.objects.filter(order_id=order_id, direction="out", superseded=False)
    return parcels.filter(status__in=GOING_BACK).exists()


def _all_delivered(order_id: UUID) -> bool:
    parcels = Shipment.objects.filter(order_id=order_id, direction="out", superseded=False)
    return not parcels.exclude(status=ShipmentStatus.DELIVERED).exists()


def _delivered(order: Order, shipment: Shipment, *, now: datetime) -> None:
    rules = rules_of(order.policy_id)
    delivered_at = shipment.delivered_at or now
    orders.move(order, OrderStatus.DELIVERED, actor=SYSTEM, reason="carrier: delivered", delivered_at=delivered_at)
    # A merchant's own word is worth no more than the promised transit: lying may not be faster than silence.
    by_hand = shipment.carrier.adapter == "manual"
    promised = shipment.created_at + timedelta(hours=shipment.carrier.promise_hours)
    due_at = clocks.inspection_ends(
        rules=rules,
        grade=shipment.grade,
        delivered_at=max(delivered_at, promised) if by_hand else delivered_at,
        first_scan_at=shipment.first_scan_at,
    )
    clocks.start_inspection(order.pk, rules=rules, due_at=due_at)
    if order.in_case:
        clocks.pause(order.pk, reason="case")


def assume_delivered(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: the promised transit of a carrier without tracking is over; inspection starts."""
    for subject in subjects:
        with transaction.atomic():
            order = orders.lock_order(UUID(subject))
            if order.status == OrderStatus.SHIPPED:
                orders.move(
                    order, OrderStatus.DELIVERED, actor=SYSTEM, reason="promised transit over", delivered_at=now
                )
                rules = rules_of(order.policy_id)
                due_at = now + rules.hours("inspection_weak_hours")
                clocks.start_inspection(order.pk, rules=rules, due_at=due_at)
                if order.in_case:
                    clocks.pause(order.pk, reason="case")
                outbox.publish("order.assumed_delivered", order_id=subject)
            deadlines.finish("order.assume_delivered", subjects=[subject])


def poll_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: ask carriers about parcels they have been silent on."""
    rows = list(Shipment.objects.select_related("carrier").filter(pk__in=subjects))
    for shipment_id, snapshot in polling.fetch(rows):
        tracking_received(shipment_id=shipment_id, snapshot=snapshot, provider="poll", now=now)
    with transaction.atomic():
        deadlines.finish("tracking.poll", subjects=subjects)
        watched = Shipment.objects.select_related("carrier").filter(pk__in=subjects, watch="active")
        for shipment in watched.exclude(direction="back", order__closed_at__isnull=False):
            if shipment.status not in (ShipmentStatus.DELIVERED, ShipmentStatus.RETURNED, ShipmentStatus.CANCELLED):
                deadlines.schedule("tracking.poll", subject=shipment.pk, due_at=polling.next_poll_at(shipment, now=now))
            if tracking.newly_stalled(shipment, now=now):
                outbox.publish(
                    "logistics.progress", order_id=str(shipment.order_id), shipment_id=str(shipment.pk),
                    milestone="stalled",
                )  # fmt: skip


def remind_to_collect(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: a parcel waits at a pick-up point."""
    with transaction.atomic():
        waiting = set(
            map(str, Shipment.objects.filter(
                order_id__in=[name.partition(":")[0] for name in subjects],
                status=ShipmentStatus.AWAITING_COLLECTION,
            ).values_list("order_id", flat=True))
        )  # fmt: skip
        for name in subjects:
            order_id, _, hours = name.partition(":")
            if order_id in waiting:
                outbox.publish("logistics.uncollected", order_id=order_id, hours=int(hours))
        deadlines.finish("collect.reminder", subjects=subjects)
