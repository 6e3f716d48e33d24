"""Bulk orders for measuring: as many as were asked for, each with its money, and the books balance."""

from __future__ import annotations

import pytest

from core import clock
from demo.seeding.bulk import add_orders
from escrow.models import Hold
from escrow.queries import books
from escrow.states import HoldStatus
from shop.models import Order
from shop.states import OrderStatus
from tests.factories.accounts import AddressFactory
from tests.factories.shop import ProductFactory


@pytest.mark.django_db
def test_bulk_orders_are_completed_deals_in_balanced_books():
    AddressFactory()
    ProductFactory(variants=2)
    assert add_orders(7, now=clock.now(), chunk=3) == 7
    assert Order.objects.filter(status=OrderStatus.COMPLETED).count() == 7
    assert Hold.objects.filter(status=HoldStatus.RELEASED).count() == 7
    assert all(hold.released_minor == hold.order.total_minor for hold in Hold.objects.select_related("order"))
    assert books().discrepancies == []
