"""Shipping: what counts as shipped, and what happens when nothing is."""

from __future__ import annotations

import pytest

from core import clock
from escrow.models import Refund
from escrow.queries import hold_of
from flows import cancellation
from flows.errors import NotOverdue
from logistics.states import ShipmentStatus
from shop.models import Variant
from shop.states import OrderStatus
from tests import stories
from tests.factories.shop import ProductFactory

pytestmark = [pytest.mark.django_db, pytest.mark.money]


def test_the_first_scan_ships_not_the_click():
    order = stories.paid_order()
    shipment = stories.ship(order)
    order = stories.fresh(order)
    assert (order.status, order.shipped_at) == (OrderStatus.SHIPPED, None)
    stories.scan(shipment, ShipmentStatus.PICKED_UP)
    assert stories.fresh(order).shipped_at is not None


def test_a_number_nobody_scans_buys_the_merchant_no_time():
    order = stories.paid_order()
    stories.ship(order)
    with pytest.raises(NotOverdue):
        cancellation.cancel(order_id=order.pk, reason="", actor=stories.buyer_of(order), now=clock.now())
    stories.wait(hours=49)
    cancellation.cancel(order_id=order.pk, reason="", actor=stories.buyer_of(order), now=clock.now())
    assert stories.fresh(order).status == OrderStatus.REFUNDED


def test_never_shipped_is_refunded_by_itself():
    variant = ProductFactory(stock=1).variants.get()
    order = stories.paid_order(variant=variant)
    stories.wait(hours=169)
    assert stories.fresh(order).status == OrderStatus.REFUNDED
    assert Refund.objects.get().amount == order.total
    assert Refund.objects.get().status == "done"
    assert Variant.objects.get(pk=variant.pk).stock == 1


def test_a_parcel_in_a_locker_holds_the_money():
    order = stories.shipped_order()
    stories.scan(order.shipments.get(), ShipmentStatus.AWAITING_COLLECTION, pickup_place="Locker 7")
    stories.wait(days=20)
    assert stories.fresh(order).status == OrderStatus.SHIPPED
    assert hold_of(order.pk).rest == order.total
