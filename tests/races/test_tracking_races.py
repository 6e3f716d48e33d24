"""
Fifty copies of one carrier message at the same moment: one set of events, one change, one message.

Seen red on PostgreSQL without ``select_for_update`` in ``tracking.receive``, and on SQLite without the transaction
around it (SQLite lets one writer in at a time, so there the transaction is the guard): copies that had read the same
state tried to move the parcel again and were refused half-way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from core import clock
from core.actor import Actor
from core.errors import DomainError
from core.models import AuditEntry, OutboxEvent
from flows import fulfilment
from logistics.errors import NumberTaken
from logistics.models import Shipment, TrackingEvent
from logistics.services import shipments, tracking
from logistics.states import ShipmentStatus
from shop.states import OrderStatus
from tests.factories.logistics import SandboxCarrierFactory, ShipmentFactory, StoreCarrierFactory, scan, snapshot
from tests.logistics.conftest import make_order
from tests.together import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
COPIES = 50
S = ShipmentStatus


def everybody(act: Callable[[int], object], *, times: int = COPIES) -> list[Any]:
    """Do it many times at one moment; whatever goes wrong is a result, for it must not."""
    return at_once([partial(act, place) for place in range(times)], beaten=(Exception,))


@pytest.fixture
def shipment():
    return ShipmentFactory(order=make_order(), carrier=SandboxCarrierFactory())


def history(shipment: Shipment):
    now = clock.now().replace(microsecond=0)
    states = (S.PICKED_UP, S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.DELIVERED)
    lines = [scan(state, now - timedelta(hours=9 - place), grade="B") for place, state in enumerate(states)]
    return now, snapshot(shipment.number, lines, courier_phone="13000001234")


def test_fifty_copies_of_one_message_are_one_change(shipment):
    now, said = history(shipment)
    paid_at = now - timedelta(days=1)

    def receive(place: int) -> tracking.Progress:
        return tracking.receive(shipment_id=shipment.pk, snapshot=said, provider="test", paid_at=paid_at, now=now)

    got = everybody(receive)
    assert [fault for fault in got if isinstance(fault, Exception)] == []
    assert TrackingEvent.objects.count() == 4
    assert sum(progress.first_scan_at is not None for progress in got) == 1
    assert sum(progress.delivered_at is not None for progress in got) == 1
    assert sum(len(progress.messages) for progress in got) == 3
    assert AuditEntry.objects.filter(subject_type="shipment", act="shipment.delivered").count() == 1
    shipment.refresh_from_db()
    assert (shipment.status, shipment.grade) == (S.DELIVERED, "B")


def test_push_and_look_up_at_the_same_moment_start_one_clock(shipment):
    """Through the whole flow: the order moves once, each milestone is told once."""
    order = shipment.order
    order.paid_at = clock.now() - timedelta(days=1)
    order.status = OrderStatus.SHIPPED
    order.save()
    now, said = history(shipment)

    def tell(place: int) -> None:
        provider = "sandbox" if place % 2 else "poll"
        fulfilment.tracking_received(shipment_id=shipment.pk, snapshot=said, provider=provider, now=now)

    got = everybody(tell, times=20)
    assert [fault for fault in got if fault is not None] == []
    assert TrackingEvent.objects.count() == 4
    told = [event.payload["milestone"] for event in OutboxEvent.objects.filter(name="logistics.progress")]
    assert sorted(told) == ["delivered", "out_for_delivery", "shipped"]
    assert AuditEntry.objects.filter(subject_type="order", act="order.delivered").count() == 1


def test_one_number_typed_at_many_desks_is_booked_once():
    orders = [make_order(number=f"T{place:04d}") for place in range(10)]
    carrier = SandboxCarrierFactory()
    for order in orders:
        StoreCarrierFactory(store_id=order.store_id, carrier=carrier)

    def book(place: int) -> Shipment:
        order = orders[place]
        return shipments.book(
            order_id=order.pk, store_id=order.store_id, carrier_code="sandbox", number="TSSAME000001", city="杭州市",
            weight_g=500, photos=(), paid_at=clock.now(), actor=Actor(user_id=None), now=clock.now(),
        )  # fmt: skip

    got = everybody(book, times=len(orders))
    assert sum(isinstance(result, Shipment) for result in got) == 1
    refusals = [result for result in got if isinstance(result, Exception)]
    assert all(isinstance(fault, DomainError) and isinstance(fault, NumberTaken) for fault in refusals)
    assert Shipment.objects.filter(number="TSSAME000001").count() == 1
