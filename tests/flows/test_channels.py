"""Which way a message takes: the merchant hears of an order by site, e-mail and SMS, the buyer of his parcel too."""

from __future__ import annotations

import pytest
from django.db.models import Q

from accounts.models import Notice, OutgoingMessage, User
from tests import stories
from tests.factories.accounts import UserFactory
from tests.factories.shop import ProductFactory

pytestmark = pytest.mark.django_db


def ways(user: User, kind: str, words: str) -> set[str]:
    """The channels by which somebody was told of the happening of this kind that these words name."""
    (notice,) = Notice.objects.filter(user=user, kind=kind, subject__contains=words)
    mine = OutgoingMessage.objects.filter(to__in=[to for to in (user.email, user.phone) if to], sent_at__isnull=False)
    named = Q(subject__contains=notice.subject) | Q(body__contains=notice.subject)
    return {"site", *mine.filter(named).values_list("channel", flat=True)}


def test_the_merchant_learns_of_an_order_at_once_by_site_mail_and_sms():
    order = stories.paid_order(variant=ProductFactory(store__owner=UserFactory(language="en")).variants.get())
    stories.settle()
    assert ways(order.store.owner, "escrow.held", "paid and held") == {"site", "email", "sms"}


def test_the_buyer_hears_of_the_delivery_by_sms_too_and_without_a_phone_by_mail():
    for phone, wanted in (("+8613800007788", {"site", "email", "sms"}), (None, {"site", "email"})):
        buyer = UserFactory(language="en", phone=phone)
        stories.delivered_order(buyer=buyer)
        stories.settle()
        assert ways(buyer, "logistics.progress", "was delivered") == wanted
