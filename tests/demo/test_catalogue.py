"""The demo catalogue: whole, bilingual, and fit for the columns it goes into."""

from __future__ import annotations

import re

import pytest

from accounts import regions
from demo.catalogue import Bilingual, Product, categories, product, products, products_of, store, stores
from demo.catalogue.loading import colours
from demo.people import person

CHINESE = re.compile(r"[\u4e00-\u9fff]")
EVERY = products()


def slugs(item: Product) -> str:
    return item.slug


def test_sixty_three_products_in_twelve_stores_and_twelve_categories() -> None:
    assert (len(products()), len(stores()), len(categories())) == (63, 12, 12)
    assert len({item.slug for item in EVERY}) == 63
    assert {item.store for item in EVERY} == {shop.slug for shop in stores()}


def test_the_tree_has_two_levels_and_products_hang_on_its_leaves() -> None:
    by_slug = {category.slug: category for category in categories()}
    leaves = {slug for slug, category in by_slug.items() if category.parent}
    assert {by_slug[slug].parent for slug in leaves} == by_slug.keys() - leaves
    assert {item.category for item in EVERY} == leaves
    positions = [category.position for category in categories()]
    assert positions == sorted(positions)


def both_told(text: Bilingual) -> bool:
    return bool(CHINESE.search(text.zh)) and bool(text.en.strip()) and not CHINESE.search(text.en)


@pytest.mark.parametrize("item", EVERY, ids=slugs)
def test_every_listing_says_in_both_languages_what_it_must(item: Product) -> None:
    told = (item.title, item.summary, item.description, item.function, item.usage, item.warranty, item.validity)
    assert all(both_told(text) for text in told)
    assert item.tags and all(both_told(tag) for tag in item.tags)


@pytest.mark.parametrize("item", EVERY, ids=slugs)
def test_every_listing_fits_its_columns(item: Product) -> None:
    assert all(len(text) <= 120 for text in (item.title.zh, item.title.en))
    assert all(len(text) <= 200 for text in (item.summary.zh, item.summary.en))
    assert (item.weight_g > 0) is (item.kind == "physical")
    assert 1 <= len(item.variants) <= 4
    assert len({variant.sku for variant in item.variants}) == len(item.variants)
    for variant in item.variants:
        assert len(variant.sku) <= 40
        assert len(variant.name.zh) <= 60 and len(variant.name.en) <= 60
        assert variant.price_minor > 0 and variant.stock >= 0
        assert variant.colour is None or variant.colour in item.colours
    assert item.price_minor == min(variant.price_minor for variant in item.variants)
    assert all(colour in colours() for colour in item.colours)


def test_something_is_sold_out_and_something_is_the_last_piece() -> None:
    stocks = [variant.stock for item in EVERY for variant in item.variants]
    assert 0 in stocks and 1 in stocks


def test_stores_ship_from_real_places_and_belong_to_demo_people() -> None:
    for shop in stores():
        assert regions.path(shop.district_code) is not None
        assert person(shop.owner).store == shop.slug
        assert all(both_told(text) for text in (shop.name, shop.about, shop.return_policy, shop.region, shop.trade))
        assert shop.shipping_minor >= 0
        assert len(shop.about.en) <= 2000 and len(shop.return_policy.en) <= 2000
        assert products_of(shop.slug)


def test_what_is_not_in_the_catalogue_is_said_so() -> None:
    with pytest.raises(KeyError):
        product("nothing-of-the-kind")
    with pytest.raises(KeyError):
        store("no-such-store")
