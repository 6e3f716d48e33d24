"""Before the shipping deadline the merchant is reminded; afterwards both are told; a scan ends it all."""

from __future__ import annotations

import pytest

from accounts.models import Notice
from core.models import Deadline
from logistics.states import ShipmentStatus
from shop.models import Order
from shop.states import OrderStatus
from tests import stories

pytestmark = [pytest.mark.django_db, pytest.mark.money]


def told(user_id: object, kind: str) -> int:
    return Notice.objects.filter(user_id=user_id, kind=kind).count()


def counts(order: Order) -> tuple[int, int, int]:
    """How often: the merchant reminded, the merchant told that he is late, the buyer told so."""
    merchant, buyer = order.store.owner_id, order.buyer_id
    return told(merchant, "order.ship_soon"), told(merchant, "order.ship_late"), told(buyer, "order.ship_late")


def test_the_merchant_is_reminded_before_he_is_late():
    order = stories.paid_order()
    stories.settle()
    stories.wait(hours=23)
    assert counts(order) == (0, 0, 0)
    stories.wait(hours=2)
    assert counts(order) == (1, 0, 0)
    stories.wait(hours=24)
    assert counts(order) == (1, 1, 1)
    assert stories.fresh(order).status == OrderStatus.PAID


def test_who_has_shipped_is_not_reminded():
    order = stories.paid_order()
    stories.scan(stories.ship(order), ShipmentStatus.PICKED_UP)
    stories.wait(hours=50)
    assert counts(order) == (0, 0, 0)
    shipping = ("order.ship_reminder", "order.ship_by", "order.never_shipped")
    assert not Deadline.objects.filter(kind__in=shipping, done_at__isnull=True).exists()
