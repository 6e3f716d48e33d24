"""A price that falls far, and a coupon that makes it fall, ask who is there (A7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Challenge
from accounts.services.step_up import Act
from core import clock
from shop.models import Coupon, Product, ProductVersion
from shop.services.price_cuts import coupon_cut, deepest_cut, is_deep
from shop.services.products import ListingFacts, VariantFacts
from tests.accounts.proofs import confirm_page, prove
from tests.factories.shop import CouponFactory, ProductFactory
from tests.shop.test_merchant_products import typed

pytestmark = pytest.mark.django_db


def cut(product, *rows):
    return deepest_cut(product, ListingFacts(category_id=1, words={}, variants=rows), now=clock.now())


@pytest.fixture
def product():
    found = ProductFactory(price_minor=10_000)
    return found


@pytest.mark.parametrize(
    ("price", "percent"), [(10_000, 0), (12_000, 0), (9_999, 1), (5_000, 50), (4_999, 51), (1, 100)]
)
def test_the_fall_is_counted_in_whole_percent(product, price, percent):
    row = VariantFacts(price_minor=price, stock=1, id=product.variants.get().pk)
    assert cut(product, row) == percent


def test_a_cheap_variant_in_place_of_a_dear_one_is_a_fall(product):
    gone = VariantFacts(price_minor=10_000, stock=1, id=product.variants.get().pk, remove=True)
    assert cut(product, gone, VariantFacts(price_minor=100, stock=1, name="New")) == 99
    kept = VariantFacts(price_minor=10_000, stock=1, id=product.variants.get().pk)
    assert is_deep(cut(product, kept, VariantFacts(price_minor=100, stock=1, name="Second")))


def test_the_editor_asks_before_a_price_falls_far_and_not_before_it_falls_a_little(client, product):
    client.force_login(product.store.owner)
    url, price = reverse("merchant:product", args=[product.pk]), product.variants.get
    assert client.post(url, typed(fresh(product)) | {"variants-0-price": "60"}).status_code == 302
    assert price().price_minor == 6_000
    answer = client.post(url, typed(fresh(product)) | {"variants-0-price": "29"})
    assert answer.status_code == 403 and price().price_minor == 6_000
    answer = confirm_page(client, answer, to=product.store.owner.phone)
    assert answer.status_code == 302 and price().price_minor == 2_900


def test_a_price_that_falls_far_in_small_steps_asks_too(client, product):
    """Red before: of 100 a thief made 1 in seven saves, and none of them fell by more than half."""
    client.force_login(product.store.owner)
    url, price = reverse("merchant:product", args=[product.pk]), product.variants.get
    for first in ("100", "51"):
        assert client.post(url, typed(fresh(product)) | {"variants-0-price": first}).status_code == 302
    assert client.post(url, typed(fresh(product)) | {"variants-0-price": "49"}).status_code == 403
    assert price().price_minor == 5_100
    assert client.post(url, typed(fresh(product)) | {"title": "Other words"}).status_code == 302
    ProductVersion.objects.update(created_at=clock.now() - timedelta(days=8))
    assert client.post(url, typed(fresh(product)) | {"variants-0-price": "49"}).status_code == 302


def fresh(product):
    return Product.objects.get(pk=product.pk)


def test_an_amount_off_is_measured_by_its_minimum_or_by_the_cheapest_goods(product):
    coupon = CouponFactory(store=product.store, off_minor=6_000, minimum_minor=8_000)
    assert coupon_cut(coupon) == 60
    coupon.minimum_minor = 100_000
    assert coupon_cut(coupon) == 6
    share = Coupon(store=product.store, off_bps=5_100)
    assert is_deep(coupon_cut(share)) and not is_deep(coupon_cut(Coupon(store=product.store, off_bps=5_000)))


def test_a_deep_coupon_starts_only_after_a_proof(client, product):
    now = clock.now()
    coupon = CouponFactory(
        store=product.store,
        off_minor=None,
        off_bps=9_000,
        status="draft",
        starts_at=now,
        ends_at=now + timedelta(days=9),
    )
    client.force_login(product.store.owner)
    url = reverse("merchant:coupon-status", args=[coupon.pk])
    answer = client.post(url, {"status": "running"})
    coupon.refresh_from_db()
    assert answer.status_code == 403 and coupon.status == "draft"
    answer = confirm_page(client, answer, to=product.store.owner.phone)
    coupon.refresh_from_db()
    assert answer.status_code == 302 and coupon.status == "running"


def test_a_coupon_made_deeper_after_the_question_asks_anew(client, product):
    """Seen red while the proof named the coupon alone: whoever shares the session changed its terms meanwhile."""
    now = clock.now()
    coupon = CouponFactory(
        store=product.store, off_minor=None, off_bps=6_000, status="draft", starts_at=now,
        ends_at=now + timedelta(days=9),
    )  # fmt: skip
    client.force_login(product.store.owner)
    answer = client.post(reverse("merchant:coupon-status", args=[coupon.pk]), {"status": "running"})
    Coupon.objects.filter(pk=coupon.pk).update(off_bps=9_900)
    answer = confirm_page(client, answer, to=product.store.owner.phone)
    coupon.refresh_from_db()
    assert answer.status_code in (403, 429) and coupon.status == "draft"


def test_a_proof_for_another_coupon_starts_nothing(client, product):
    now = clock.now()
    coupon = CouponFactory(
        store=product.store,
        off_minor=None,
        off_bps=9_000,
        status="draft",
        starts_at=now,
        ends_at=now + timedelta(days=9),
    )
    client.force_login(product.store.owner)
    prove(client, product.store.owner, Act("price_cut", target="another"))
    answer = client.post(reverse("merchant:coupon-status", args=[coupon.pk]), {"status": "running"})
    coupon.refresh_from_db()
    assert answer.status_code == 403 and coupon.status == "draft"
    assert Challenge.objects.filter(spent_at__isnull=False).count() == 0
