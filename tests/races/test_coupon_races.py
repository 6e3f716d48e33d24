"""
The fourteenth bug of docs/money.md: coupons and stock at their limits, many buyers at one moment.

Each test but the last has been seen to fail on PostgreSQL with its guard taken away; its docstring says which. SQLite
lets in one writer at a time and so does not depend on them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from accounts.models import User
from core import clock
from core.actor import SYSTEM
from core.money import Money
from escrow.models import Payment
from escrow.queries import books
from flows import cancellation, purchase
from shop.errors import CouponRefused
from shop.models import Coupon, CouponUse, Order, Product, Store, Variant
from shop.queries import coupons as coupon_queries
from shop.queries.carts import checked
from shop.services import coupons
from shop.states import OrderStatus, UseStatus
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.shop import CouponFactory, ProductFactory, StoreFactory
from tests.races.test_stock_races import at_once
from tests.sandbox import pay_at_bank
from tests.stories import actor_of, fill_cart, wait

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.money]
BUYERS = 12


def checkout(*variants: Variant, coupons: Sequence[Coupon], buyer: User | None = None) -> Callable[[], object]:
    """A buyer who has seen the total with his coupons and is about to press the button."""
    buyer = buyer or UserFactory()
    address = AddressFactory(user=buyer)
    lines = list(fill_cart(buyer, *variants).lines.order_by("-added_at", "-pk")[: len(variants)])
    cart, line_ids = lines[0].cart, [line.pk for line in lines]
    codes = {coupon.store_id: coupon.code for coupon in coupons}
    view = coupon_queries.with_offers(checked(cart.pk, line_ids), user_id=buyer.pk, now=clock.now(), codes=codes)
    seen = coupon_queries.applied(view, codes).total.minor
    return lambda: purchase.place(
        buyer_id=buyer.pk,
        cart_id=cart.pk,
        line_ids=line_ids,
        address_id=address.pk,
        note="",
        seen_total_minor=seen,
        actor=actor_of(buyer),
        now=clock.now(),
        coupon_codes=codes,
    )


def bought(results: Sequence[object]) -> list[Payment]:
    return [result for result in results if isinstance(result, Payment)]


def for_sale(*, stock: int = 100, store: Store | None = None) -> Variant:
    return ProductFactory(store=store or StoreFactory(), stock=stock).variants.get()


def uses(coupon: Coupon) -> int:
    return CouponUse.objects.filter(coupon=coupon).exclude(status=UseStatus.RETURNED).count()


def test_twelve_buyers_for_eleven_coupons_make_eleven_uses_and_all_come_back():
    """Guard: ``used < use_limit`` in the UPDATE of ``coupons._TAKING``; without it the table's own check breaks."""
    variant = for_sale()
    coupon = CouponFactory(store=variant.product.store, use_limit=BUYERS - 1)
    results = at_once([checkout(variant, coupons=[coupon]) for _ in range(BUYERS)])
    (refusal,) = [result for result in results if result not in bought(results)]
    assert isinstance(refusal, CouponRefused)
    coupon.refresh_from_db()
    variant.refresh_from_db()
    assert (coupon.used, uses(coupon), Order.objects.count()) == (BUYERS - 1, BUYERS - 1, BUYERS - 1)
    assert variant.stock == 100 - (BUYERS - 1), "who was refused the coupon keeps no goods"
    wait(minutes=31)
    coupon.refresh_from_db()
    variant.refresh_from_db()
    assert set(Order.objects.values_list("status", flat=True)) == {OrderStatus.CANCELLED}
    assert (coupon.used, uses(coupon), variant.stock) == (0, 0, 100)
    again = at_once([checkout(variant, coupons=[coupon]) for _ in range(BUYERS)])
    assert len(bought(again)) == BUYERS - 1, "what came back can be used again, and no more than that"


def test_twelve_buyers_for_eleven_pieces_with_coupons_make_eleven_sales_and_all_come_back():
    """Guard: ``stock__gte`` in the UPDATE of ``stock._take``; a coupon is not spent by who got no goods."""
    variant = for_sale(stock=BUYERS - 1)
    coupon = CouponFactory(store=variant.product.store, use_limit=BUYERS)
    results = at_once([checkout(variant, coupons=[coupon]) for _ in range(BUYERS)])
    coupon.refresh_from_db()
    variant.refresh_from_db()
    assert (len(bought(results)), coupon.used, uses(coupon), variant.stock) == (BUYERS - 1, BUYERS - 1, BUYERS - 1, 0)
    wait(minutes=31)
    coupon.refresh_from_db()
    variant.refresh_from_db()
    assert (coupon.used, uses(coupon), variant.stock) == (0, 0, BUYERS - 1)
    assert Product.objects.get().in_stock


def test_one_person_with_ten_orders_at_once_uses_his_coupon_once():
    """
    Guard: the coupon's row is locked by its UPDATE before a person's own uses are counted.

    The lock of his one cart keeps his checkouts apart already; this is what stands behind it.
    """
    buyer, coupon = UserFactory(), CouponFactory(use_limit=100)
    variant = for_sale(store=coupon.store)
    orders = [Order.objects.get(payment=checkout(variant, coupons=[], buyer=buyer)()) for _ in range(10)]
    offer = coupon_queries.Offer(coupon, Money(1_000), {})
    results = at_once([lambda order=order: reserved(order, offer) for order in orders])
    coupon.refresh_from_db()
    assert sum(not isinstance(result, CouponRefused) for result in results) == 1
    assert (coupon.used, uses(coupon)) == (1, 1)


def reserved(order: Order, offer: coupon_queries.Offer) -> None:
    coupons.reserve(wants=[coupons.Wanted(order, offer)], expires_at=clock.now(), now=clock.now())


def test_carts_with_the_same_coupons_in_another_order_do_not_wait_for_each_other():
    """Guard: ``coupons.reserve`` takes coupons in the order of their ids; without it, some wait for each other."""
    both = [CouponFactory(), CouponFactory()]

    def ready(turn: int) -> Callable[[], object]:
        """Everybody's goods are others: it is the coupons that could make them wait."""
        mine = both if turn % 2 else both[::-1]
        return checkout(*(for_sale(store=coupon.store) for coupon in mine), coupons=mine)

    assert len(bought(at_once([ready(turn) for turn in range(BUYERS)]))) == BUYERS
    assert set(Coupon.objects.values_list("used", flat=True)) == {BUYERS}


def test_given_back_by_eight_at_once_comes_back_once():
    """Guard: the use moves by compare-and-set, and only then is the coupon counted down."""
    variant = for_sale()
    coupon = CouponFactory(store=variant.product.store, use_limit=3)
    orders = [Order.objects.get(payment=checkout(variant, coupons=[coupon])()) for _ in range(3)]
    back = {"orders": orders[:1], "actor": SYSTEM, "reason": "both", "now": clock.now()}
    at_once([lambda: coupons.give_back(**back) for _ in range(8)])
    coupon.refresh_from_db()
    assert (coupon.used, uses(coupon)) == (2, 2)


def test_ended_by_its_store_while_many_buy_it_takes_off_no_more():
    """Guard: the state stands in the UPDATE, not only in what was read before. This one fails on SQLite too."""
    variant = for_sale()
    coupon = CouponFactory(store=variant.product.store)
    acts = [checkout(variant, coupons=[coupon]) for _ in range(10)]
    Coupon.objects.filter(pk=coupon.pk).update(status="paused")
    with pytest.raises(CouponRefused):
        reserved(Order(buyer=UserFactory()), coupon_queries.Offer(coupon, Money(1_000), {}))
    assert not bought(at_once(acts))
    coupon.refresh_from_db()
    assert (coupon.used, uses(coupon)) == (0, 0)


def test_paid_at_the_moment_it_expires_is_spent_or_given_back_never_both():
    """
    No guard alone carries this: it was seen to hold without the locks of order and payment, too.

    Each state moves by compare-and-set, and use, order and payment move in one transaction.
    """
    variant = for_sale()
    coupon = CouponFactory(store=variant.product.store)
    placed = [checkout(variant, coupons=[coupon])() for _ in range(6)]
    late = clock.now() + timedelta(minutes=31)

    def expires(payment: Payment) -> Callable[[], object]:
        return lambda: cancellation.pay_by_due([str(payment.pk)], late)

    at_once([act for payment in placed for act in (expires(payment), lambda p=payment: pay_at_bank(p.pk))])
    coupon.refresh_from_db()
    for use in CouponUse.objects.select_related("order"):
        wanted = {OrderStatus.PAID: UseStatus.SPENT, OrderStatus.CANCELLED: UseStatus.RETURNED}[use.order.status]
        assert use.status == wanted
    assert coupon.used == uses(coupon) == Order.objects.filter(status=OrderStatus.PAID).count()
    assert books().discrepancies == []
