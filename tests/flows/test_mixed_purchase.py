"""One store's pieces and codes bought together: two orders, one payment, one coupon, all of it back."""

from __future__ import annotations

import pytest
from django.utils import translation

from core import clock
from core.money import Money
from escrow.models import Hold, Payment
from escrow.queries import books
from flows import cancellation, purchase
from flows.errors import TotalChanged
from shop.errors import CouponRefused, NoSuchCoupon
from shop.models import Coupon, CouponUse, Order, Variant
from shop.queries import coupons as queries
from shop.queries.carts import CartView, checked
from shop.states import OrderStatus, UseStatus
from tests import stories
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.shop import CouponFactory, ProductFactory
from tests.sandbox import pay_at_bank

pytestmark = [pytest.mark.django_db, pytest.mark.money]
PIECE, CODE = 12_800, 5_000


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def goods() -> tuple[Variant, Variant]:
    """A piece for 128.00, with 6.00 of shipping, and a code for 50.00 of the same store."""
    piece = ProductFactory(store__shipping_minor=600, stock=5).variants.get()
    return piece, stories.code_variant(keys=3, store=piece.product.store, price_minor=CODE)


def place(goods: tuple[Variant, Variant], *, off: int = 0, coupon: Coupon | None = None, code: str = "") -> Payment:
    buyer = UserFactory()
    cart = stories.fill_cart(buyer, *goods)
    said = coupon.code if coupon else code
    return purchase.place(
        buyer_id=buyer.pk, cart_id=cart.pk, line_ids=None, address_id=AddressFactory(user=buyer).pk, note="",
        seen_total_minor=PIECE + 600 + CODE - off, actor=stories.actor_of(buyer), now=clock.now(),
        coupon_codes={goods[0].product.store_id: said} if said else {},
    )  # fmt: skip


def taken(payment: Payment) -> dict[str, tuple[str, int]]:
    """Kind of order → its coupon and what that took off."""
    rows = Order.objects.filter(payment=payment)
    return {order.kind: (order.coupon_code, order.discount_minor) for order in rows}


def offered(goods: tuple[Variant, Variant]) -> CartView:
    cart = stories.fill_cart(UserFactory(), *goods)
    return queries.with_offers(checked(cart.pk), user_id=cart.user_id, now=clock.now())


@pytest.mark.parametrize("codes_first", [False, True])
def test_a_coupon_goes_to_the_order_where_it_takes_off_most_and_to_no_other(goods, codes_first):
    coupon = CouponFactory(store=goods[0].product.store, off_minor=None, off_bps=1_000)
    payment = place(goods[::-1] if codes_first else goods, coupon=coupon, off=1_280)
    assert taken(payment) == {"physical": (coupon.code, 1_280), "code": ("", 0)}
    coupon.refresh_from_db()
    assert (coupon.used, CouponUse.objects.get().amount_minor) == (1, 1_280)
    pay_at_bank(payment.pk)
    assert sorted(Hold.objects.values_list("amount_minor", flat=True)) == [CODE, PIECE + 600 - 1_280]
    assert CouponUse.objects.get().status == UseStatus.SPENT
    assert books().discrepancies == []


def test_a_coupon_for_codes_goes_to_the_order_of_codes(goods):
    coupon = CouponFactory(store=goods[0].product.store, off_minor=1_000)
    coupon.products.set([goods[1].product])
    payment = place(goods, coupon=coupon, off=1_000)
    assert taken(payment) == {"physical": ("", 0), "code": (coupon.code, 1_000)}


def test_a_total_with_the_coupon_taken_twice_buys_nothing(goods):
    coupon = CouponFactory(store=goods[0].product.store, off_minor=1_000)
    with pytest.raises(TotalChanged):
        place(goods, coupon=coupon, off=2_000)
    coupon.refresh_from_db()
    assert (coupon.used, Order.objects.count()) == (0, 0)


def test_a_minimum_is_counted_in_one_order_and_the_nearer_one_says_what_is_missing(goods):
    coupon = CouponFactory(store=goods[0].product.store, minimum_minor=PIECE + CODE)
    with pytest.raises(CouponRefused) as refusal:
        place(goods, coupon=coupon)
    assert "¥50.00 more" in refusal.value.message
    (row,) = [offer for group in offered(goods).groups for offer in group.offers]
    assert row.missing == Money(CODE)


def test_a_code_that_is_none_is_refused_for_the_store_as_a_whole(goods):
    with pytest.raises(NoSuchCoupon):
        place(goods, code="NOSUCH1")


def test_of_two_coupons_the_store_offers_the_better_one_and_each_with_one_order(goods):
    store = goods[0].product.store
    for_all = CouponFactory(store=store, off_minor=1_000)
    for_codes = CouponFactory(store=store, off_minor=2_000)
    for_codes.products.set([goods[1].product])
    view = offered(goods)
    by_kind = {group.kind: [offer.coupon for offer in group.offers] for group in view.groups}
    assert by_kind == {"physical": [for_all], "code": [for_codes]}
    assert [group.best and group.best.coupon for group in view.groups] == [None, for_codes]
    assert queries.best_codes(view) == {store.pk: for_codes.code}
    assert queries.applied(view, queries.best_codes(view)).discount == Money(2_000)


def test_unpaid_in_time_pieces_keys_and_the_coupon_are_there_again(goods):
    coupon = CouponFactory(store=goods[0].product.store)
    payment = place(goods, coupon=coupon, off=1_000)
    assert [_stock(one) for one in goods] == [4, 2]
    stories.wait(minutes=31)
    assert set(Order.objects.filter(payment=payment).values_list("status", flat=True)) == {OrderStatus.CANCELLED}
    assert [_stock(one) for one in goods] == [5, 3]
    coupon.refresh_from_db()
    assert (coupon.used, CouponUse.objects.get().status) == (0, UseStatus.RETURNED)


def test_an_order_of_one_of_the_two_is_refunded_and_the_other_stands(goods):
    coupon = CouponFactory(store=goods[0].product.store)
    payment = place(goods, coupon=coupon, off=1_000)
    pay_at_bank(payment.pk)
    piece = Order.objects.select_related("store").get(payment=payment, kind="physical")
    cancellation.cancel(order_id=piece.pk, reason="", actor=stories.merchant_of(piece), now=clock.now())
    assert stories.fresh(piece).status == OrderStatus.REFUNDED
    assert Order.objects.get(payment=payment, kind="code").status == OrderStatus.DELIVERED
    assert [_stock(one) for one in goods] == [5, 2]
    assert CouponUse.objects.get().status == UseStatus.RETURNED
    assert books().discrepancies == []


def _stock(variant: Variant) -> int:
    variant.refresh_from_db()
    return variant.stock
