"""Notices: in the language of who reads them, true whenever they are read."""

from __future__ import annotations

import pytest
from django.utils import translation

from accounts.models import Notice
from logistics.models import Carrier
from logistics.states import ShipmentStatus
from tests import stories
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture
def told():
    """What an English buyer is told of his parcel, by a worker that runs in Chinese."""
    order = stories.paid_order(buyer=UserFactory(language="en"))
    shipment = stories.ship(order)
    Carrier.objects.update(name="\u8e0f\u5b9e\u5feb\u9012", name_en="Tashi Express")
    with translation.override("zh-hans"):
        for status in (ShipmentStatus.PICKED_UP, ShipmentStatus.OUT_FOR_DELIVERY):
            stories.scan(shipment, status)
            stories.settle()
    return list(Notice.objects.filter(user=order.buyer).order_by("created_at", "pk"))


def test_the_carriers_name_is_in_the_readers_language(told):
    progress = [notice for notice in told if notice.kind == "logistics.progress"]
    assert len(progress) == 2
    assert all("Tashi Express" in notice.body for notice in progress), [notice.body for notice in progress]
    assert not any("\u8e0f\u5b9e\u5feb\u9012" in notice.body for notice in progress)


def test_a_notice_read_days_later_does_not_say_today(told):
    assert any("is out for delivery" in notice.subject for notice in told)
    assert not any("today" in notice.subject for notice in told)
