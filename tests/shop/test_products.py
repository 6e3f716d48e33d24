"""Listings: written, priced, counted, versioned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils.translation import override

from core import clock
from core.actor import Actor
from core.models import AuditEntry
from shop.errors import NoSuchProduct, StaleListing, StockMoved
from shop.models import Order, OrderLine, Product, Store, Variant
from shop.search import read_query
from shop.services.products import (
    ListingFacts,
    VariantFacts,
    change_status,
    republish_store,
    save_product,
    set_stock,
)
from tests.factories.accounts import UserFactory
from tests.factories.shop import ProductFactory, StoreFactory


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture
def product(db: None) -> Product:
    made: Product = ProductFactory()
    return made


def facts(product: Product, *variants: VariantFacts, **words: str) -> ListingFacts:
    names = ("title", "title_en", "summary", "summary_en", "description", "description_en", "function", "function_en")
    names += ("usage", "usage_en", "warranty", "warranty_en", "validity", "validity_en")
    old = {name: getattr(product, name) for name in names}
    rows = variants or tuple(
        VariantFacts(id=v.pk, name=v.name, price_minor=v.price_minor, stock=v.stock, seen_stock=v.stock)
        for v in product.variants.all()
    )
    return ListingFacts(category_id=product.category_id, words={**old, **words}, variants=rows, weight_g=10)


def save(product: Product, said: ListingFacts, *, seen: int | None = None) -> Product:
    return save_product(
        store_id=product.store_id, product_id=product.pk, seen_version=product.version if seen is None else seen,
        facts=said, actor=Actor(user_id=product.store.owner_id), now=clock.now(),
    )  # fmt: skip


class TestVersions:
    def test_words_and_prices_make_versions_and_nothing_else_does(self, product):
        assert product.version == 1
        save(product, facts(product, title="新茶"))
        product.refresh_from_db()
        assert product.version == 2
        save(product, facts(product))
        product.refresh_from_db()
        assert product.version == 2
        variant = product.variants.get()
        save(product, facts(product, VariantFacts(id=variant.pk, price_minor=9900, stock=10, seen_stock=10)))
        product.refresh_from_db()
        assert (product.version, product.price_minor) == (3, 9900)
        assert product.versions.get(version=1).promise["variants"][0]["price_minor"] == 12_800
        entry = AuditEntry.objects.filter(act="product.saved").latest("id")
        assert entry.facts["prices"] == {str(variant.pk): [12_800, 9900]}
        assert entry.user_id == product.store.owner_id

    def test_new_words_are_found_and_sales_are_kept(self, product):
        stale = Product.objects.get(pk=product.pk)
        Product.objects.filter(pk=product.pk).update(sold=7)
        save(stale, facts(stale, title="竹编果篮"))
        found = Product.objects.filter(search__words=read_query("果篮").terms)
        assert [row.sold for row in found] == [7]

    def test_a_stale_editor_changes_nothing(self, product):
        save(product, facts(product, title="新茶"))
        with pytest.raises(StaleListing):
            save(product, facts(product, title="旧茶"), seen=1)
        product.refresh_from_db()
        assert product.title == "新茶"

    def test_a_stores_new_policy_is_a_version_of_each_listing(self, product):
        ProductFactory(store=product.store)
        Store.objects.update(return_policy="三十天无理由退货")
        assert republish_store(store_id=product.store_id, author_id=None, now=clock.now()) == 2
        product.refresh_from_db()
        assert product.versions.get(version=2).promise["return_policy"]["zh"] == "三十天无理由退货"
        assert product.version == 2


class TestVariants:
    def test_sales_during_a_count_are_kept(self, product):
        variant = product.variants.get()
        Variant.objects.update(stock=8)
        save(product, facts(product, VariantFacts(id=variant.pk, price_minor=12_800, stock=15, seen_stock=10)))
        assert product.variants.get().stock == 13

    def test_an_untouched_count_follows_sales(self, product):
        variant = product.variants.get()
        Variant.objects.update(stock=8)
        save(product, facts(product, VariantFacts(id=variant.pk, price_minor=9900, stock=10, seen_stock=10)))
        assert product.variants.get().stock == 8

    def test_a_count_below_nothing_is_refused(self, product):
        variant = product.variants.get()
        Variant.objects.update(stock=2)
        with pytest.raises(StockMoved) as refusal:
            save(product, facts(product, VariantFacts(id=variant.pk, price_minor=9900, stock=5, seen_stock=10)))
        assert "2 are left" in refusal.value.message
        product.refresh_from_db()
        assert product.price_minor == 12_800

    def test_the_lowest_offered_price_is_the_products(self, product):
        variant = product.variants.get()
        said = facts(
            product,
            VariantFacts(id=variant.pk, name="大", price_minor=20_000, stock=1),
            VariantFacts(name="小", price_minor=15_000, stock=0),
            VariantFacts(name="旧", price_minor=100, stock=9, is_active=False),
        )
        assert save(product, said).price_minor == 15_000
        assert [v.name for v in product.variants.all()] == ["大", "小", "旧"]

    def test_what_was_bought_stays_on_record(self, product):
        bought, other = product.variants.get(), Variant.objects.create(product=product, price_minor=5000, stock=1)
        order = Order.objects.create(
            number="T1", buyer=UserFactory(), store=product.store, policy_id=policy_id(), items_minor=1, total_minor=1,
            fee_bps=0, address={}, placed_at=clock.now(),
        )  # fmt: skip
        OrderLine.objects.create(
            order=order, product=product, variant=bought, title="x", unit_minor=1, quantity=1, total_minor=1,
            promise_version=1,
        )  # fmt: skip
        save(
            product,
            facts(
                product,
                VariantFacts(id=bought.pk, price_minor=1, stock=0, remove=True),
                VariantFacts(id=other.pk, price_minor=5000, stock=1),
            ),
        )
        assert not Variant.objects.get(pk=bought.pk).is_active
        product.refresh_from_db()
        save(product, facts(product, VariantFacts(name="n", price_minor=1, stock=1),
                            VariantFacts(id=other.pk, price_minor=1, stock=0, remove=True)))  # fmt: skip
        assert not Variant.objects.filter(pk=other.pk).exists()

    def test_another_stores_variant_is_not_touched(self, product):
        other = ProductFactory()
        theirs = other.variants.get()
        save(product, facts(product, VariantFacts(id=theirs.pk, price_minor=1, stock=0, name="x")))
        theirs.refresh_from_db()
        assert theirs.price_minor == 12_800

    def test_stock_in_the_list(self, product):
        variant = product.variants.get()
        say = {"store_id": product.store_id, "variant_id": variant.pk, "actor": Actor(user_id=None)}
        Variant.objects.update(stock=9)
        assert set_stock(stock=20, seen=10, **say) == 19
        assert set_stock(stock=0, seen=19, **say) == 0
        product.refresh_from_db()
        assert not product.in_stock
        with pytest.raises(StockMoved):
            set_stock(stock=0, seen=5, **say)
        with pytest.raises(NoSuchProduct):
            set_stock(stock=1, seen=0, **{**say, "store_id": StoreFactory().pk})


class TestStatus:
    def test_wrong_status_change_by_service(self, product):
        with pytest.raises(NoSuchProduct):
            change_status(
                store_id=StoreFactory().pk, product_id=product.pk, target="unlisted", actor=Actor(user_id=None),
                now=clock.now(),
            )  # fmt: skip


def policy_id() -> int:
    from core import policies

    return policies.current("physical").pk
