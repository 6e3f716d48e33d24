"""
A store is shut, or a paper of it runs out, at the moment in which something is ordered or put on sale there.

Each test has been seen to fail on PostgreSQL with its guard taken away; its docstring says which.
"""

from __future__ import annotations

import time

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.states import Standing
from core import clock
from core.actor import SYSTEM
from flows import guarding, vetting_clocks
from flows.purchase import place
from shop.errors import BrandMissing, StoreShut
from shop.models import Order, Product, ProductImage, Store
from shop.services import products, reviews
from shop.states import ProductStatus
from tests.factories.accounts import AddressFactory, MediatorFactory, UserFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.races.test_vetting_races import at_once
from tests.stories import actor_of, fill_cart
from tests.vetting import paper

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def test_an_order_comes_before_the_freeze_of_its_merchant_or_not_at_all():
    """Guard: ``standing.keep_open`` in ``purchase.place``: without it orders are placed while the freeze commits."""
    variant = ProductFactory(stock=50).variants.get()
    store = variant.product.store
    total = variant.price_minor + store.shipping_minor
    buyers = [UserFactory() for _ in range(6)]
    carts = [(one, fill_cart(one, variant).pk, AddressFactory(user=one).pk) for one in buyers]
    seen: list[int] = []

    def freeze() -> None:
        with transaction.atomic():
            guarding.change_standing(
                user_id=store.owner_id, to=Standing.FROZEN, actor=SYSTEM, reason="stolen", now=clock.now()
            )
            seen.append(Order.objects.count())
            time.sleep(0.5)

    def buy(one: object, cart: object, address: object) -> object:
        time.sleep(0.15)
        return place(
            buyer_id=one.pk, cart_id=cart, line_ids=None, address_id=address, note="", seen_total_minor=total,
            actor=actor_of(one), now=clock.now(),
        )  # fmt: skip

    results = at_once(freeze, *(lambda row=row: buy(*row) for row in carts))
    placed = [one for one in results[1:] if not isinstance(one, StoreShut)]
    assert Order.objects.count() == len(placed) == seen[0]
    assert not Store.objects.get(pk=store.pk).may_sell


def test_what_is_listed_while_its_authorisation_runs_out_does_not_stay_on_sale():
    """Guard: ``standing.keep_papers`` in ``products.change_status``: without it the paper still counts meanwhile."""
    store = StoreFactory()
    reviewer = actor_of(MediatorFactory())
    row = paper(store, "brand", brand="山水", until=timezone.localtime(clock.now()).date())
    reviews.take_document(document_id=row.pk, actor=reviewer)
    reviews.decide_document(document_id=row.pk, accept=True, reason="", actor=reviewer, now=clock.now())
    product = ProductFactory(store=store, brand="山水", status=ProductStatus.UNLISTED)
    ProductImage.objects.create(product=product, large="l.webp", card="c.webp", thumb="t.webp", sha256="0" * 64)

    def expire() -> None:
        with transaction.atomic():
            vetting_clocks.expire_documents([str(row.pk)], clock.now())
            time.sleep(0.5)

    def put_on_sale() -> object:
        time.sleep(0.15)
        return products.change_status(
            store_id=store.pk, product_id=product.pk, target=ProductStatus.LISTED, actor=actor_of(store.owner),
            now=clock.now(),
        )  # fmt: skip

    results = at_once(expire, put_on_sale)
    assert isinstance(results[1], BrandMissing)
    assert Product.objects.get(pk=product.pk).status == ProductStatus.UNLISTED
