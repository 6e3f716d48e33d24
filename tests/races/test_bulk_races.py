"""Workers side by side at the same heap of work: everything happens once, and nobody stands in another's way."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from core import clock, deadlines, outbox
from core.models import AuditEntry, Deadline, Delivery, OutboxEvent
from escrow.models import Hold, Transfer, TransferKind
from escrow.states import HoldStatus
from flows import release
from shop.models import Order, Sale
from shop.services import sales
from shop.states import OrderStatus
from tests.factories.accounts import UserFactory
from tests.factories.escrow import OrderFactory, held
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import actor_of
from tests.together import at_once, books_agree, winners

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.money]
ORDERS = 48
CONFIRMS = 8


def ripe_orders() -> list[Order]:
    """Delivered orders of two stores, warned of and due, as the sweep finds them: the stores take turns."""
    stores, buyer, now = (StoreFactory(), StoreFactory()), UserFactory(), clock.now()
    with transaction.atomic():
        orders = [OrderFactory(store=stores[n % 2], buyer=buyer, items_minor=1_000 + n) for n in range(ORDERS)]
        for order in orders:
            held(order=order)
        Order.objects.update(status=OrderStatus.DELIVERED, delivered_at=now - timedelta(days=8))
        Hold.objects.update(warned_at=now - timedelta(days=2))
        Deadline.objects.bulk_create(
            [Deadline(kind="escrow.release", subject=str(order.pk), due_at=now) for order in orders]
        )
    return orders


def test_three_sweeps_and_impatient_buyers_release_each_hold_once(monkeypatch):
    """
    All of them want the balances of the same two stores.

    Seen red on PostgreSQL without the lock of ``due_orders.lock_states``: sweep and buyer then lock each other out, and
    one ends in a deadlock. Not seen red on SQLite, where one writer at a time is the guard.
    """
    kind = next(kind for kind in deadlines.kinds().values() if kind.name == "escrow.release")
    monkeypatch.setattr(deadlines, "_kinds", {kind.name: replace(kind, batch=8)})
    orders = ripe_orders()
    buyer = actor_of(orders[0].buyer)
    impatient = random.sample(orders, CONFIRMS)
    confirms = [
        lambda pk=order.pk: release.confirm_receipt(order_id=pk, actor=buyer, now=clock.now()) for order in impatient
    ]
    acts = [*confirms, *[deadlines.sweep] * 3]
    random.shuffle(acts)
    results = at_once(acts)
    confirmed = [result for result in winners(results) if isinstance(result, Order)]
    deadlines.sweep()  # what a confirming buyer held while the sweep came by
    assert Hold.objects.filter(status=HoldStatus.RELEASED).count() == ORDERS
    assert Order.objects.filter(status=OrderStatus.COMPLETED).count() == ORDERS
    for kind_of in (TransferKind.RELEASE_NET, TransferKind.RELEASE_FEE):
        assert Transfer.objects.filter(kind=kind_of).count() == ORDERS
    told = Counter(event.payload["by"] for event in OutboxEvent.objects.filter(name="escrow.released"))
    assert told == {"clock": ORDERS - len(confirmed), **({"buyer": len(confirmed)} if confirmed else {})}
    assert AuditEntry.objects.filter(act="order.completed").count() == ORDERS
    assert not Deadline.objects.filter(kind="escrow.release", done_at__isnull=True).exists()
    assert not Deadline.objects.exclude(error="").exists()
    books_agree()


def test_many_drains_perform_each_effect_once(monkeypatch):
    """
    Four workers find the same forty events and spread them over their deliveries.

    Seen red on PostgreSQL without ``FOR UPDATE SKIP LOCKED`` and ``ON CONFLICT`` of ``outbox.SPREAD``: three of four
    ended in an error of the unique key. Not seen red on SQLite, where one writer at a time is the guard.
    """
    calls: list[tuple[str, str]] = []
    table = {name: lambda payload, name=name: calls.append((name, payload["n"])) for name in ("one", "two", "three")}
    monkeypatch.setattr(outbox, "_table", {"test.many": table})
    outbox.publish_many("test.many", [{"n": str(n)} for n in range(40)])
    at_once([outbox.spread] * 4)
    outbox.spread()
    assert Delivery.objects.count() == 120
    at_once([outbox.drain] * 4)
    assert outbox.depth() == 0
    assert Counter(calls) == {(name, str(n)): 1 for name in table for n in range(40)}


def test_sales_added_up_by_many_are_counted_once():
    """
    Seen red on PostgreSQL without the row locks of ``sales.add_up``: pieces were counted as often as there were
    workers. Not seen red on SQLite, where one writer at a time is the guard.
    """
    products = [ProductFactory() for _ in range(6)]
    Sale.objects.bulk_create([Sale(product=product, pieces=2) for product in products for _ in range(10)])
    at_once([sales.add_up] * 6)
    sales.add_up()
    for product in products:
        product.refresh_from_db()
    assert [product.sold for product in products] == [20] * 6
    assert not Sale.objects.exists()
