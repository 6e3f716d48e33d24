"""An order whose money is held, made without the purchase: parcels do not care how it came about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core import policies
from shop.models import Order, Store
from shop.states import OrderStatus
from tests.factories.accounts import UserFactory
from tests.factories.logistics import SandboxCarrierFactory, ShipmentFactory, StoreCarrierFactory
from tests.factories.shop import StoreFactory

PAID_AT = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
NOW = PAID_AT + timedelta(hours=2)


def make_order(*, store: Store | None = None, city: str = "杭州市", number: str = "T2610010001") -> Order:
    return Order.objects.create(
        number=number,
        buyer=UserFactory(),
        store=store or StoreFactory(),
        policy=policies.current("physical"),
        status=OrderStatus.PAID,
        items_minor=12_800,
        total_minor=12_800,
        fee_bps=500,
        address={"name": "张三", "city": city},
        placed_at=PAID_AT - timedelta(minutes=5),
        paid_at=PAID_AT,
    )


@pytest.fixture
def order(db):
    return make_order()


@pytest.fixture
def carrier(db):
    return SandboxCarrierFactory()


@pytest.fixture
def contract(order, carrier):
    return StoreCarrierFactory(store_id=order.store_id, carrier=carrier)


@pytest.fixture
def shipment(order, carrier):
    return ShipmentFactory(order=order, carrier=carrier, created_at=NOW)
