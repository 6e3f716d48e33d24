"""Chargebacks: what a payer's bank takes back stops its deals until it has decided."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from core import deadlines, outbox
from core.actor import SYSTEM
from core.policies import rules_of
from core.transitions import allowed
from disputes.models import Case
from disputes.services import cases
from disputes.states import CASE, OPEN_CASE, CaseStatus
from escrow.gateways.base import Dispute, Unavailable
from escrow.models import Chargeback, Hold, Payment
from escrow.services import chargebacks, payments
from escrow.states import OPEN_HOLD, ChargebackStatus
from flows import clocks, fulfilment, goods, settlement
from logistics.models import Shipment
from shop.models import Order
from shop.services import orders
from shop.states import OrderStatus

POLL_EVERY = timedelta(hours=24)
OVER = (ChargebackStatus.WON, ChargebackStatus.LOST)


def dispute_changed(*, gateway: str, ref: str, now: datetime) -> None:
    """
    Ask the provider how a dispute stands and bring our books in line, in one transaction.

    Called by notices and by the poll, in any order, any number of times: a dispute that we first hear of when it is
    over has been opened, too.
    """
    dispute = chargebacks.ask(gateway=gateway, ref=ref)
    if dispute is None:
        return
    found = Payment.objects.filter(gateway=gateway, reference=dispute.payment_reference).first()
    if found is None:
        return
    with transaction.atomic():
        locked = {order.pk: order for order in orders.lock_orders_of(found.pk)}
        payment = payments.lock_payment(found.pk)
        for row in chargebacks.open_chargeback(payment=payment, dispute=dispute, now=now):
            _opened(row, locked, now=now)
        if dispute.status in OVER:
            rows = [row for row in chargebacks.rows_of(gateway=gateway, ref=ref) if row.status == ChargebackStatus.OPEN]
            back = [order for row in rows if (order := _over(row, dispute, locked, now=now))]
            goods.take_back_all(back, actor=SYSTEM, reason="chargeback lost", now=now)


def _opened(row: Chargeback, locked: dict[UUID, Order], *, now: datetime) -> None:
    """The deal stands still: neither its clocks nor a case may move money that the bank has."""
    order = locked.get(row.hold.order_id) if row.hold else None
    if order is not None and row.taken_minor.get("escrow"):
        clocks.pause(order.pk, reason="chargeback")
        case = _case_of(order)
        if case is not None:
            deadlines.pause_all(subjects=[case.pk], reason="chargeback")
    deadlines.schedule("chargeback.poll", subject=row.pk, due_at=now + POLL_EVERY)
    outbox.publish("escrow.chargeback_opened", chargeback_id=row.pk)


def _over(row: Chargeback, dispute: Dispute, locked: dict[UUID, Order], *, now: datetime) -> Order | None:
    """The books and the deal go on, or end. Give the order if its goods are to be taken back."""
    order = locked.get(row.hold.order_id) if row.hold else None
    in_case = order is not None and order.in_case
    hold = chargebacks.close_chargeback(row=row, status=dispute.status, stays_frozen=in_case, now=now)
    deadlines.finish("chargeback.poll", subjects=[row.pk])
    outbox.publish("escrow.chargeback_closed", chargeback_id=row.pk)
    if hold is None or order is None or not order.is_open:
        return None
    if hold.status in OPEN_HOLD:
        _go_on(order)
        return None
    return order if _end(order, hold, now=now) else None


def _go_on(order: Order) -> None:
    """The money is back, or what was not disputed is left: clocks run on, the case's or the order's."""
    rules = rules_of(order.policy_id)
    case = _case_of(order)
    if case is not None:
        deadlines.resume_all(subjects=[case.pk], at_least=timedelta(hours=rules.min_notice_hours))
    elif not fulfilment.is_going_back(order.pk):
        clocks.resume(order.pk, rules=rules)


def _end(order: Order, hold: Hold, *, now: datetime) -> bool:
    """Lost, and nothing is left to be decided: the buyer has his money, the order is over. Whether goods are here."""
    case = _case_of(order)
    if case is not None:
        target = CaseStatus.WITHDRAWN
        if not allowed(CASE, source=case.status, target=target):
            target = CaseStatus.AGREED
        cases.move(case, target, actor=SYSTEM, reason="chargeback lost", closed_at=now)
        settlement.end(case=case, order=order)
    status = OrderStatus.COMPLETED if hold.released_minor else OrderStatus.REFUNDED
    never_left = order.shipped_at is None
    orders.move(order, status, actor=SYSTEM, reason="chargeback lost", closed_at=now)
    clocks.clear(order.pk)
    return never_left and not Shipment.objects.filter(order_id=order.pk, first_scan_at__isnull=False).exists()


def _case_of(order: Order) -> Case | None:
    return Case.objects.filter(order_id=order.pk, status__in=OPEN_CASE).first() if order.in_case else None


def poll_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: ask again about disputes whose notice may have been lost."""
    for subject in subjects:
        row = Chargeback.objects.filter(pk=subject, status=ChargebackStatus.OPEN).first()
        if row is not None:
            with contextlib.suppress(Unavailable):
                dispute_changed(gateway=row.gateway, ref=row.gateway_ref, now=now)
        with transaction.atomic():
            deadlines.finish("chargeback.poll", subjects=[subject])
            if Chargeback.objects.filter(pk=subject, status=ChargebackStatus.OPEN).exists():
                deadlines.schedule("chargeback.poll", subject=subject, due_at=now + POLL_EVERY)
