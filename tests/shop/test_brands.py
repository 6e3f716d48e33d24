"""Brands of others: what names one needs an authorisation that is good, and stops with it; money goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Notice
from core import clock
from core.models import AuditEntry
from escrow.models import Hold
from shop.brands import is_named
from shop.errors import BrandMissing, PermitMissing
from shop.models import DocumentKind, Product, ProductImage, StoreDocument
from shop.queries.catalogue import on_sale
from shop.services import products, reviews
from shop.services.goods_papers import hang, missing_papers
from shop.services.products import ListingFacts, VariantFacts
from shop.states import DocumentStatus, ProductStatus
from tests.factories.accounts import MediatorFactory
from tests.factories.shop import CategoryFactory, ProductFactory, StoreFactory
from tests.stories import actor_of, delivered_order, settle, wait
from tests.vetting import paper

pytestmark = pytest.mark.django_db


def in_days(days: int):
    return (timezone.localtime(clock.now()) + timedelta(days=days)).date()


def shown(store, brand="山水", *, days: int | None = 400, accept=True):
    """A paper that a reviewer has decided on."""
    reviewer = actor_of(MediatorFactory())
    row = paper(store, "brand", brand=brand, until=None if days is None else in_days(days))
    reviews.take_document(document_id=row.pk, actor=reviewer)
    said = {"document_id": row.pk, "accept": accept, "reason": "" if accept else "Blurred.", "actor": reviewer}
    reviews.decide_document(**said, now=clock.now())
    return row


def listed(product):
    return products.change_status(
        store_id=product.store_id, product_id=product.pk, target=ProductStatus.LISTED,
        actor=actor_of(product.store.owner), now=clock.now(),
    )  # fmt: skip


def off_shelf(store, **more):
    """Whole but for its papers."""
    product = ProductFactory(store=store, status=ProductStatus.UNLISTED, **more)
    ProductImage.objects.create(product=product, large="l.webp", card="c.webp", thumb="t.webp", sha256="0" * 64)
    return product


def status_of(product):
    return Product.objects.get(pk=product.pk).status


@pytest.mark.parametrize(("brand", "typed", "title", "is_so"), [
    ("山水", "山水", "茶壶", True),
    ("Acme", " ACME ", "Pot", True),
    ("Acme", "", "Acme pot, red", True),
    ("ＡＣＭＥ", "", "acme Pot", True),
    ("Acme", "", "Acmeology", False),
    ("Acme", "", "Case for Acme phones", False),
    ("山水", "", "山水紫砂壶", True),
    ("山水", "", "适用于山水的滤网", False),
    ("山水", "", "茶壶", False),
    ("山水", "江河", "茶壶", False),
    ("", "", "茶壶", False),
])  # fmt: skip
def test_a_brand_is_named_by_its_field_or_a_title_that_is_not_for_it(brand, typed, title, is_so):
    assert is_named(brand, typed=typed, titles=(title, "")) is is_so


def test_a_product_of_anothers_brand_is_listed_only_with_an_authorisation_we_have_seen():
    store = StoreFactory()
    product = off_shelf(store, brand="山水")
    with pytest.raises(BrandMissing):
        listed(product)
    shown(store, accept=False)
    with pytest.raises(BrandMissing):
        listed(product)
    shown(store, brand="江河")
    with pytest.raises(BrandMissing):
        listed(product)
    shown(StoreFactory())
    with pytest.raises(BrandMissing):
        listed(product)
    assert status_of(product) == ProductStatus.UNLISTED
    shown(store, brand=" 山 水 ")
    assert listed(product).status == ProductStatus.LISTED


def test_a_title_with_a_brand_the_store_was_asked_to_prove_needs_it_too():
    store = StoreFactory()
    shown(store, accept=False)
    with pytest.raises(BrandMissing):
        listed(off_shelf(store, title="山水紫砂壶"))
    assert listed(off_shelf(store, title="适用于山水的滤网")).status == ProductStatus.LISTED
    assert listed(off_shelf(store, title="白瓷杯")).status == ProductStatus.LISTED


def test_a_paper_past_its_day_counts_no_more_though_its_clock_was_not_heard():
    store = StoreFactory()
    product = off_shelf(store, brand="山水")
    shown(store, days=2)
    clock.advance_sandbox(timedelta(days=4))
    with pytest.raises(BrandMissing):
        listed(product)


def test_a_listing_on_sale_cannot_take_a_brand_on_without_its_paper():
    store = StoreFactory()
    product = ProductFactory(store=store)
    variant = product.variants.get()
    words = {name: getattr(product, name) for name in ("title", "function", "usage", "warranty", "validity")}
    row = VariantFacts(id=variant.pk, price_minor=variant.price_minor, stock=variant.stock)
    facts = ListingFacts(category_id=product.category_id, words={**words, "brand": "山水"}, variants=[row])
    said = {"store_id": store.pk, "product_id": product.pk, "seen_version": product.version, "facts": facts}
    with pytest.raises(BrandMissing) as refusal:
        products.save_product(**said, actor=actor_of(store.owner), now=clock.now())
    assert "brand" in refusal.value.fields
    assert Product.objects.get(pk=product.pk).brand == ""


def test_an_expired_authorisation_stops_its_goods_alone_and_a_renewed_one_brings_them_back():
    store = StoreFactory()
    shown(store, days=3)
    pot, named = ProductFactory(store=store, brand="山水"), ProductFactory(store=store, title="山水茶盘")
    cup, elsewhere = ProductFactory(store=store), ProductFactory(brand="山水")
    wait(days=5)
    assert status_of(pot) == status_of(named) == ProductStatus.STOPPED
    assert set(on_sale()) == {cup, elsewhere}
    assert AuditEntry.objects.get(act="product.stopped", subject=str(pot.pk)).reason == "brand: 山水"
    with pytest.raises(BrandMissing):
        listed(pot)
    shown(store)
    assert set(on_sale()) == {cup, elsewhere, pot, named}


def test_what_lacks_another_paper_too_stays_stopped_when_one_is_renewed():
    store, reviewer = StoreFactory(), actor_of(MediatorFactory())
    food = CategoryFactory(permit="food")
    both = ProductFactory(store=store, brand="山水", category=food)
    row = paper(store, "permit", permit="food", until=in_days(3))
    reviews.take_document(document_id=row.pk, actor=reviewer)
    reviews.decide_document(document_id=row.pk, accept=True, reason="", actor=reviewer, now=clock.now())
    shown(store, days=3)
    wait(days=5)
    assert status_of(both) == ProductStatus.STOPPED
    shown(store)
    assert status_of(both) == ProductStatus.STOPPED
    assert [paper.permit for paper in missing_papers(Product.objects.get(pk=both.pk))] == ["food"]
    with pytest.raises(PermitMissing):
        listed(both)


def test_orders_and_money_of_a_stopped_brand_go_on():
    store = StoreFactory()
    shown(store, days=2)
    order = delivered_order(variant=ProductFactory(store=store, brand="山水", stock=5).variants.get())
    for _ in range(6):
        wait(days=3)
    order.refresh_from_db()
    assert order.status == "completed"
    assert Hold.objects.get(order=order).status == "released"
    assert set(Product.objects.values_list("status", flat=True)) == {ProductStatus.STOPPED}


def test_the_merchant_is_warned_before_with_the_number_of_products():
    store = StoreFactory()
    store.owner.language = "en"
    store.owner.save()
    ProductFactory(store=store, brand="山水"), ProductFactory(store=store, brand="山水"), ProductFactory(store=store)
    shown(store, days=31)
    wait(days=2)
    notes = Notice.objects.filter(user=store.owner, kind="vetting.document_ends")
    assert all("2 products are off sale from that day otherwise." in note.body for note in notes) and notes
    wait(days=40)
    assert Notice.objects.filter(user=store.owner, kind="vetting.document_expired").count() == 1


def test_staff_and_merchant_see_which_products_hang_on_a_paper(client):
    store, staff = StoreFactory(), MediatorFactory()
    row = shown(store)
    pot = ProductFactory(store=store, brand="山水", title="紫砂壶", title_en="Clay pot")
    ProductFactory(store=store, title="白瓷杯", title_en="White cup")
    papers = list(StoreDocument.objects.filter(store=store, status=DocumentStatus.ACCEPTED))
    hang(papers)
    assert papers == [row]
    assert papers[0].goods == [pot]
    client.force_login(staff)
    page = client.get(reverse("console:store", args=[store.pk]), HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "1 product hangs on it" in page
    assert "Clay pot" in page
    assert "White cup" not in page


def test_a_store_that_is_open_asks_for_a_place_for_a_new_brand(client):
    store = StoreFactory()
    client.force_login(store.owner)
    page = client.get(reverse("merchant:documents") + "?brand=江河", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "brand/江河" in page


def test_the_editor_says_which_authorisation_is_missing(client):
    store = StoreFactory()
    product = off_shelf(store, brand="山水")
    client.force_login(store.owner)
    with translation.override("en"):
        page = client.get(reverse("merchant:product", args=[product.pk]), HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "Show us an authorisation of the brand 山水." in page
    assert DocumentKind.BRAND.value == "brand"
    settle()
