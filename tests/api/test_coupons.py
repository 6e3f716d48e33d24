"""Coupons over the API: told with the cart, taken by code, chosen at the checkout."""

from __future__ import annotations

import pytest

from shop.models import Cart, Order
from tests import stories
from tests.api.people import ask, client_of, cny, system_of
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.shop import CouponFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal():
    """A buyer with one thing for 128.00 in his cart, and its store."""
    buyer, product = UserFactory(), ProductFactory()
    stories.fill_cart(buyer, product.variants.get())
    return client_of(buyer), product.store, str(AddressFactory(user=buyer).pk)


def test_the_cart_tells_what_each_coupon_would_take_off(deal):
    me, store, _ = deal
    best, other = CouponFactory(store=store), CouponFactory(store=store, minimum_minor=20_000)
    CouponFactory(store=store, is_public=False)
    (group,) = ask(me, "get", "/cart/").data["groups"]
    assert [row["code"] for row in group["coupons"]] == [best.code, other.code]
    assert (group["coupons"][0]["discount"], group["coupons"][0]["applies"]) == (cny(1_000), True)
    assert group["coupons"][1]["reason"]
    assert group["total"] == cny(12_800)


def test_a_private_coupon_is_taken_by_its_code_and_used(deal):
    me, store, address = deal
    coupon = CouponFactory(store=store, is_public=False, code="WELCOME5")
    taken = ask(me, "post", "/coupons/", {"store": str(store.pk), "code": "welcome5"})
    assert (taken.status, taken.data["code"], taken.data["off"]) == (201, "WELCOME5", cny(1_000))
    assert [row["code"] for row in ask(me, "get", "/coupons/").data["coupons"]] == ["WELCOME5"]
    choice = [{"store": str(store.pk), "code": coupon.code}]
    body = {"address": address, "total": cny(11_800), "coupons": choice}
    made = ask(me, "post", "/checkout/", body, idempotency_key="one")
    again = ask(me, "post", "/checkout/", body, idempotency_key="one")
    assert made.status == again.status == 201
    assert made.data["payment"]["amount"] == cny(11_800)
    order = Order.objects.get()
    shown = ask(me, "get", f"/orders/{order.number}/").data
    assert (shown["items"], shown["discount"], shown["total"]) == (cny(12_800), cny(1_000), cny(11_800))
    assert (shown["coupon_code"], shown["lines"][0]["discount"]) == ("WELCOME5", cny(1_000))
    (row,) = ask(system_of(store), "get", "/merchant/orders/").data["results"]
    assert (row["discount"], row["coupon_code"]) == (cny(1_000), "WELCOME5")
    coupon.refresh_from_db()
    assert coupon.used == 1


def test_without_a_choice_no_coupon_is_used(deal):
    me, store, address = deal
    CouponFactory(store=store)
    assert ask(me, "post", "/checkout/", {"address": address, "total": cny(12_800)}).status == 201
    assert Order.objects.get().discount_minor == 0


def test_a_coupon_that_does_not_apply_says_why(deal):
    me, store, address = deal
    coupon = CouponFactory(store=store, minimum_minor=20_000)
    body = {"address": address, "total": cny(12_800), "coupons": [{"store": str(store.pk), "code": coupon.code}]}
    refusal = ask(me, "post", "/checkout/", body)
    assert (refusal.status, refusal.data["code"]) == (409, "coupon_refused")
    assert not Order.objects.exists()


def test_a_store_with_two_orders_takes_the_coupon_in_one(deal):
    me, store, address = deal
    buyer = Cart.objects.get().user
    stories.fill_cart(buyer, stories.code_variant(store=store, price_minor=5_000))
    coupon = CouponFactory(store=store, off_minor=None, off_bps=1_000)
    groups = ask(me, "get", "/cart/").data["groups"]
    told = {group["kind"]: [row["discount"] for row in group["coupons"]] for group in groups}
    assert told == {"physical": [cny(1_280)], "code": []}
    body = {"address": address, "coupons": [{"store": str(store.pk), "code": coupon.code}]}
    twice = ask(me, "post", "/checkout/", {**body, "total": cny(17_800 - 1_780)}, idempotency_key="twice")
    assert (twice.status, twice.data["code"]) == (409, "total_changed")
    made = ask(me, "post", "/checkout/", {**body, "total": cny(17_800 - 1_280)}, idempotency_key="once")
    assert (made.status, made.data["payment"]["amount"]) == (201, cny(16_520))
    taken = {order.kind: (order.coupon_code, order.discount_minor) for order in Order.objects.all()}
    assert taken == {"physical": (coupon.code, 1_280), "code": ("", 0)}
    coupon.refresh_from_db()
    assert coupon.used == 1


def test_bad_choices_are_refused(deal):
    me, store, address = deal
    mine = {"store": str(store.pk), "code": CouponFactory(store=store).code}
    body = {"address": address, "total": cny(11_800)}
    for bad in (
        [mine, mine],
        [{**mine, "code": ""}],
        [{**mine, "discount": 5}],
        [{"code": "X"}],
        "X",
        {"a": 1},
        [None],
    ):
        assert ask(me, "post", "/checkout/", {**body, "coupons": bad}).status == 400
    lowered = ask(me, "post", "/checkout/", {**body, "total": cny(1), "coupons": [mine]})
    assert (lowered.status, lowered.data["code"]) == (409, "total_changed")
    elsewhere = {**mine, "store": str(ProductFactory().store_id)}
    assert ask(me, "post", "/checkout/", {**body, "coupons": [elsewhere]}).status == 404
    assert ask(me, "post", "/checkout/", {**body, "discount": cny(1)}).status == 400
    assert not Order.objects.exists()


def test_codes_are_not_guessed_over_the_api(deal, settings):
    settings.API_RATES = {**settings.API_RATES, "coupon": "10/d"}  # no minute ends in the middle of this
    me, store, _ = deal
    CouponFactory(store=store, is_public=False, code="SECRET")
    tries = [ask(me, "post", "/coupons/", {"store": str(store.pk), "code": f"GUESS{n}"}).status for n in range(10)]
    assert set(tries) == {404}
    assert ask(me, "post", "/coupons/", {"store": str(store.pk), "code": "SECRET"}).status == 429
