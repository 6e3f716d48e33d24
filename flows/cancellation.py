"""Cancelling: unpaid orders, orders that were never shipped, and the merchant who has nothing to ship."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from core import deadlines, outbox
from core.actor import SYSTEM, Actor
from core.errors import NotFound
from core.policies import rules_of
from escrow.models import Payment
from escrow.services import holds, payments
from escrow.states import PaymentStatus
from flows import clocks, goods, purchase
from flows.errors import AlreadyClosed, AlreadyShipped, CaseIsOpen, NotOverdue, PaidMeanwhile
from logistics.models import Shipment
from shop.models import Order
from shop.roles import Act
from shop.services import coupons, orders
from shop.services.access import require
from shop.states import Kind, OrderStatus


def cancel(*, order_id: UUID, reason: str, actor: Actor, now: datetime) -> Order:
    """
    Cancel an order; held money goes back in full.

    The buyer may while it is unpaid, once the merchant's time to ship has passed, and at any time before it is shipped
    while its store is halted; the merchant until the carrier has the parcel. An unpaid order shares its payment with
    the others of its checkout: they are cancelled with it.

    :raises NotOverdue: if the buyer would cancel a paid order in time
    :raises AlreadyShipped: once the carrier has it
    :raises PaidMeanwhile: if the provider already has the money
    """
    order = Order.objects.select_related("store").filter(pk=order_id).first()
    if order is None:
        raise NotFound
    if actor.user_id != order.buyer_id:
        require(order.store, Act.CANCEL, actor=actor)
    if order.status == OrderStatus.PENDING and order.payment_id:
        if actor.user_id != order.buyer_id:
            raise NotFound
        close_unpaid(payment_id=order.payment_id, actor=actor, reason=reason or "cancelled by buyer", now=now)
    else:
        _give_back(order_id=order_id, reason=reason, actor=actor, now=now)
    order.refresh_from_db()
    return order


def close_unpaid(*, payment_id: UUID, actor: Actor, reason: str, now: datetime) -> None:
    """
    Close the payment at the provider first, then cancel its orders and return their stock.

    Only a payment that the provider has closed cannot arrive later: goods and coupons are given back after, never
    before. Where the provider has taken a wrong amount it has nothing left to close: that money is parked, and the
    orders go as unpaid.

    :raises PaidMeanwhile: if the money was already there; it has then been taken into escrow
    """
    if payments.close_at_gateway(payment_id=payment_id) == "already_paid":
        settled = purchase.settle_payment(payment_id=payment_id, now=now)
        if settled.status == PaymentStatus.PAID:
            raise PaidMeanwhile
    with transaction.atomic():
        locked = orders.lock_orders_of(payment_id)
        payment = payments.lock_payment(payment_id)
        if payment.status != PaymentStatus.OPEN:
            return
        payments.close_payment(payment=payment, actor=actor, reason=reason, now=now)
        for order in locked:
            orders.move(order, OrderStatus.CANCELLED, actor=actor, reason=reason, closed_at=now)
            outbox.publish("shop.cancelled", order_id=str(order.pk), by="buyer" if actor.user_id else "clock")
        goods.take_back_all(locked, actor=actor, reason=reason, now=now)
        coupons.give_back(orders=locked, actor=actor, reason=reason, now=now)
        deadlines.cancel_all(subjects=[payment_id], kinds=("payment.poll", "order.pay_by"))


@transaction.atomic
def _give_back(*, order_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    order = orders.lock_order(order_id)
    if not order.is_open:
        raise AlreadyClosed
    if order.in_case:
        raise CaseIsOpen
    if order.shipped_at is not None or order.status not in (OrderStatus.PAID, OrderStatus.SHIPPED):
        raise AlreadyShipped
    by_buyer = actor.user_id == order.buyer_id
    ship_by = (order.paid_at or now) + rules_of(order.policy_id).ship_by
    if by_buyer and now < ship_by and not order.store.is_halted:
        raise NotOverdue
    late = "not shipped in time" if now >= ship_by else "the store is closed for now"
    why = reason or (late if by_buyer else "merchant cannot ship")
    refund_unshipped(order, actor=actor, reason=why, now=now)


def refund_unshipped(order: Order, *, actor: Actor, reason: str, now: datetime) -> None:
    """Return the whole hold of a locked, paid, unshipped order, its stock and the use of its coupon."""
    orders.move(order, OrderStatus.REFUNDED, actor=actor, reason=reason, closed_at=now)
    refund = holds.refund(order_id=order.pk, actor=actor, reason=reason, now=now)
    if not Shipment.objects.filter(order_id=order.pk, first_scan_at__isnull=False).exists():
        goods.take_back(order, actor=actor, reason=reason, now=now)  # an earlier parcel has them, if one was scanned
    coupons.give_back(orders=[order], actor=actor, reason=reason, now=now)
    clocks.clear(order.pk)
    outbox.publish("order.refunded", order_id=str(order.pk), refund_id=refund.pk, why=reason)


def pay_by_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: unpaid in time. Each payment is closed at its provider by itself, outside transactions."""
    for subject in subjects:
        payment = Payment.objects.filter(pk=subject, status=PaymentStatus.OPEN).first()
        if payment is not None:
            with contextlib.suppress(PaidMeanwhile):
                close_unpaid(payment_id=payment.pk, actor=SYSTEM, reason="not paid in time", now=now)
        deadlines.finish("order.pay_by", subjects=[subject])


def remind_to_ship(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: the merchant's time to ship is running out."""
    _announce("order.ship_reminder", subjects, event="order.ship_soon")


def ship_by_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: the merchant's time has passed; from here the buyer may cancel at once."""
    _announce("order.ship_by", subjects, event="order.ship_late")


def _announce(kind: str, subjects: Sequence[str], *, event: str) -> None:
    with transaction.atomic():
        ids = {subject.partition(":")[0] for subject in subjects}
        open_ids = Order.objects.filter(
            pk__in=ids, shipped_at__isnull=True, status__in=(OrderStatus.PAID, OrderStatus.SHIPPED)
        ).values_list("pk", flat=True)
        outbox.publish_many(event, [{"order_id": str(pk)} for pk in open_ids])
        deadlines.finish(kind, subjects=subjects)


def never_shipped_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: never shipped at all. The money returns without anybody asking (E11)."""
    for subject in subjects:
        with transaction.atomic():
            order = orders.lock_order(UUID(subject))
            if order.status in (OrderStatus.PAID, OrderStatus.SHIPPED) and not order.shipped_at and not order.in_case:
                why = "no code was delivered" if order.kind == Kind.CODE else "never shipped"
                refund_unshipped(order, actor=SYSTEM, reason=why, now=now)
            deadlines.finish("order.never_shipped", subjects=[subject])
