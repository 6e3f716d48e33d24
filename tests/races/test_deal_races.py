"""
The same deal from several sides at one moment: each happening happens once, one wins, and the books balance.

Its docstring says without which guard a test has been seen to fail.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from core import clock, deadlines
from core.models import Deadline, OutboxEvent
from disputes.models import Case
from escrow.gateways.signing import HEADER, sign
from escrow.models import Hold, Inbox, Payment, Receipt, Transfer, TransferKind
from escrow.queries import books
from escrow.services import holds
from escrow.states import HoldStatus, PaymentStatus
from flows import release
from shop.models import Order
from shop.states import OrderStatus
from tests.factories.shop import ProductFactory
from tests.sandbox import at_bank
from tests.stories import buyer_of, delivered_order, fresh, open_case, placed_order
from tests.together import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.money]
COPIES = 50
ROUNDS = 6


def notice(payment: Payment, event: str) -> Callable[[], int]:
    """One copy of the bank's signed notice on its way to the door; gives the answer's status."""
    body = json.dumps({"id": event, "payment": payment.reference, "key": f"payment:{payment.pk}"}).encode()
    headers = {HEADER: sign(body, secret=settings.PROVIDERS["sandbox"]["secret"])}
    door = reverse("payment-notice", args=["sandbox"])
    return lambda: Client().post(door, body, content_type="application/json", headers=headers).status_code


def test_fifty_copies_of_one_payment_notice_make_one_hold():
    """
    Half are the very same event, half are events of their own about the same money.

    Seen red on PostgreSQL without the row locks of ``lock_orders_of`` and ``lock_payment``. Not seen red on SQLite,
    where one writer at a time is the guard.
    """
    order = placed_order()
    at_bank(order.payment_id, "paid")  # the shop does not know yet
    payment = Payment.objects.get(pk=order.payment_id)
    events = ["evt-same"] * (COPIES // 2) + [f"evt-{n}" for n in range(COPIES // 2)]
    random.shuffle(events)
    answers = at_once([notice(payment, event) for event in events])
    assert set(answers) == {200}, answers
    assert Inbox.objects.filter(event_id="evt-same").count() == 1
    assert Inbox.objects.filter(processed_at__isnull=False).count() == COPIES // 2 + 1
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.PAID
    assert Receipt.objects.count() == 1
    hold = Hold.objects.get()
    assert (hold.amount_minor, hold.status) == (order.total_minor, HoldStatus.HELD)
    assert Transfer.objects.filter(kind=TransferKind.CAPTURE).count() == 1
    assert OutboxEvent.objects.filter(name="escrow.held").count() == 1
    assert fresh(order).status == OrderStatus.PAID
    assert books().discrepancies == []


def ripe_order() -> Order:
    """Delivered, warned of, and due to be released now."""
    order = delivered_order(variant=ProductFactory().variants.get())
    now = clock.now()
    holds.note_warned(order_id=order.pk, now=now - timedelta(days=2))
    deadlines.schedule("escrow.release", subject=order.pk, due_at=now)
    return order


def confirm(order: Order) -> Callable[[], object]:
    return lambda: release.confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())


def one_won(order: Order, results: Sequence[object]) -> str:
    """Who won; everything that is written says the same."""
    order, hold = fresh(order), Hold.objects.get(order=order)
    confirmed = any(isinstance(result, Order) for result in results)
    claimed = any(isinstance(result, Case) for result in results)
    assert not (confirmed and claimed)
    captured = Transfer.objects.filter(kind=TransferKind.CAPTURE).count()
    assert captured == Hold.objects.count()
    events = OutboxEvent.objects.filter(name="escrow.released", payload__order_id=str(order.pk))
    running = Deadline.objects.filter(
        kind="escrow.release", subject=str(order.pk), done_at__isnull=True, paused_at__isnull=True
    )
    assert not running.exists()
    if claimed:
        assert (order.status, order.in_case, hold.status) == (OrderStatus.DELIVERED, True, HoldStatus.FROZEN)
        assert (hold.released_minor, events.count()) == (0, 0)
        return "case"
    assert (order.status, order.in_case, hold.released_minor) == (OrderStatus.COMPLETED, False, hold.amount_minor)
    assert not order.cases.exists()
    assert [event.payload["by"] for event in events] == ["buyer" if confirmed else "clock"]
    return "buyer" if confirmed else "clock"


def test_confirm_release_and_claim_at_the_same_moment():
    """
    Exactly one of the three comes to pass, whoever is first.

    Seen red on PostgreSQL without the locks on the order's row: the three then lock each other out and one ends in a
    deadlock; the states in the WHERE of the hold still kept the money whole.
    """
    winners = []
    for _ in range(ROUNDS):
        order = ripe_order()
        acts: list[Callable[[], object]] = [confirm(order), lambda order=order: open_case(order), deadlines.sweep]
        random.shuffle(acts)
        winners.append(one_won(order, at_once(acts)))
        assert books().discrepancies == []
    assert len(winners) == ROUNDS


def test_ten_clicks_on_confirm_release_once():
    """
    A double click and its impatient repetitions.

    Never seen red: with the order's lock, compare-and-set and the WHERE of ``holds._settle`` all taken away, the
    ledger's UNIQUE(kind, ref, leg) still refused nine of ten.
    """
    order = ripe_order()
    results = at_once([confirm(order) for _ in range(10)])
    assert sum(isinstance(result, Order) for result in results) == 1
    assert one_won(order, results) == "buyer"
    assert books().discrepancies == []
