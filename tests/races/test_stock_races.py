"""
Many buyers at one moment: the last piece is sold once, nobody waits for ever, one form is one purchase.

Each test has been seen to fail on PostgreSQL with its guard taken away; its docstring says which. SQLite lets in one
writer at a time and so does not depend on them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from django.test import Client

from core import clock
from escrow.models import Payment
from flows import purchase
from flows.errors import TotalChanged
from shop.errors import OutOfStock
from shop.models import Cart, Order, OrderLine, Product, Variant
from shop.services import carts
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import actor_of, fill_cart
from tests.together import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.money]
BUYERS = 50


def checkout(*variants: Variant) -> Callable[[], object]:
    """A buyer with these in his cart, who has seen the total and is about to press the button."""
    buyer = UserFactory()
    address = AddressFactory(user=buyer)
    cart = fill_cart(buyer, *variants)
    seen = sum(variant.price_minor for variant in variants)
    return lambda: purchase.place(
        buyer_id=buyer.pk,
        cart_id=cart.pk,
        line_ids=None,
        address_id=address.pk,
        note="",
        seen_total_minor=seen,
        actor=actor_of(buyer),
        now=clock.now(),
    )


def for_sale(*, variants: int = 1, stock: int) -> list[Variant]:
    return list(ProductFactory(store=StoreFactory(), variants=variants, stock=stock).variants.all())


def bought(results: Sequence[object]) -> list[Payment]:
    return [result for result in results if isinstance(result, Payment)]


def test_fifty_buyers_for_the_last_piece_make_one_sale():
    """Guard: ``stock__gte`` in the UPDATE of ``stock._take``."""
    (last,) = for_sale(stock=1)
    results = at_once([checkout(last) for _ in range(BUYERS)])
    assert len(bought(results)) == 1
    assert all(isinstance(refusal, OutOfStock | TotalChanged) for refusal in results if refusal not in bought(results))
    assert (Order.objects.count(), OrderLine.objects.count(), Payment.objects.count()) == (1, 1, 1)
    last.refresh_from_db()
    assert last.stock == 0
    assert not Product.objects.get().in_stock


def test_fifty_buyers_for_twenty_pieces_make_twenty_sales():
    """Guard: the arithmetic is the database's own (``F``), not Python's."""
    (few,) = for_sale(stock=20)
    results = at_once([checkout(few) for _ in range(BUYERS)])
    assert len(bought(results)) == Order.objects.count() == 20
    few.refresh_from_db()
    assert few.stock == 0


def test_carts_with_the_same_things_in_another_order_do_not_wait_for_each_other():
    """Guards: products and variants are taken in the order of their ids; without both, some wait for each other."""
    first, second = for_sale(stock=BUYERS)[0], for_sale(stock=BUYERS)[0]
    pairs = [(first, second), (second, first)]
    results = at_once([checkout(*pairs[turn % 2]) for turn in range(20)])
    assert len(bought(results)) == 20
    assert set(Variant.objects.values_list("stock", flat=True)) == {BUYERS - 20}


def test_the_last_of_two_variants_at_once_takes_the_product_off_the_lists():
    """Guard: ``stock._lock_products``."""
    for _ in range(10):
        one, other = for_sale(variants=2, stock=1)
        assert len(bought(at_once([checkout(one), checkout(other)]))) == 2
        assert not Product.objects.get(pk=one.product_id).in_stock


def test_one_form_sent_many_times_at_once_is_one_purchase():
    """Guard: ``idempotency.begin`` in the checkout's door."""
    (plenty,) = for_sale(stock=100)
    buyer = UserFactory()
    address = AddressFactory(user=buyer)
    carts.add(cart=Cart.objects.create(user=buyer), variant_id=plenty.pk, quantity=1)
    clients = [Client() for _ in range(8)]
    for client in clients:
        client.force_login(buyer)
    page = clients[0].get("/checkout/").context
    form = {
        "address": str(address.pk),
        "seen_total_minor": page["cart"].total.minor,
        "checkout_key": str(page["checkout_key"]),
    }
    answers = at_once([lambda client=client: client.post("/checkout/", form) for client in clients])
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.url for answer in answers}) == 1
    assert (Payment.objects.count(), Order.objects.count()) == (1, 1)


def test_one_thing_put_into_the_cart_many_times_at_once_is_one_line_of_all():
    """Guard: the cart's row is locked in ``carts.add``."""
    (plenty,) = for_sale(stock=100)
    cart = Cart.objects.create(user=UserFactory())
    at_once([lambda: carts.add(cart=cart, variant_id=plenty.pk, quantity=1) for _ in range(10)])
    assert cart.lines.get().quantity == 10
