"""
The whole deal over HTTP with a coupon, to the release and to the refund; the books balance on the amount that was paid.

95.74 is paid (99.73 less 9.99, and 6.00 shipping). The fee is 5 %, rounded half to even: 4.79; the merchant gets 90.95.
"""

from __future__ import annotations

import pytest
from django.urls import reverse

from core import clock
from shop.models import Coupon
from tests.journeys.deal import Deal
from tests.journeys.test_deals import claim

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.money]
OFF, PAID, FEE, NET = 999, 9_574, 479, 9_095


def with_coupon() -> Deal:
    """The merchant writes a coupon and starts it; the buyer takes it in the store."""
    deal = Deal()
    today, later = (f"{clock.now().year + years}-01-01T00:00" for years in (0, 2))
    page = reverse("merchant:coupon-new")
    words = {"name": "秋日券", "code": "AUTUMN", "off": "9.99", "starts_at": today, "ends_at": later, "per_member": "1"}
    answer = deal.merchant.submit(page, having="code", start="1", **words, use_limit="1")
    assert answer.status_code == 302, answer.content.decode()[:3000]
    store = reverse("shop:store", args=[deal.store.slug])
    deal.buyer.submit(store, reverse("shop:my-coupons"), having="coupon")
    assert "AUTUMN" in deal.buyer.open(reverse("shop:my-coupons"))
    deal.total -= OFF
    return deal


def numbers() -> tuple[int, list[str]]:
    coupon = Coupon.objects.get()
    return coupon.used, list(coupon.uses.values_list("status", flat=True))


def test_a_deal_with_a_coupon_is_released_and_paid_out():
    deal = with_coupon().delivered()
    assert deal.books() == {"provider": -PAID, "escrow": PAID}
    deal.buyer.submit(deal.at("shop:order-confirm"))
    deal.work()
    assert (deal.hold.released_minor, deal.hold.fee_taken_minor) == (PAID, FEE)
    deal.wait(25)
    assert deal.at_the_bank() == {"in": PAID, "back": 0, "out": NET}
    assert deal.books() == {"provider": -FEE, "fees": FEE}
    assert numbers() == (1, ["spent"])


def test_a_deal_with_a_coupon_is_refunded_as_it_was_paid():
    deal = with_coupon().delivered()
    claim(deal)
    deal.merchant.submit(deal.case_at("merchant:case"), deal.case_at("disputes:case-accept"))
    deal.work()
    assert deal.order.status == "refunded"
    assert deal.refunds() == [(PAID, "done")]
    assert deal.at_the_bank() == {"in": PAID, "back": PAID, "out": 0}
    assert deal.books() == {}
    assert numbers() == (0, ["returned"])


def test_a_deal_with_a_coupon_that_is_not_paid_gives_it_back():
    deal = with_coupon()
    deal.check_out()
    assert numbers() == (1, ["reserved"])
    deal.wait(1)
    assert deal.order.status == "cancelled"
    assert numbers() == (0, ["returned"])
    assert deal.product.variants.get().stock == 10
