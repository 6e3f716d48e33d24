"""What may still be promised: taken at once, given back once."""

import pytest
from django.db import IntegrityError

from shop.errors import OutOfStock
from shop.models import Product, Variant
from shop.services import stock
from tests.factories.shop import ProductFactory, VariantFactory
from tests.stories import placed_order

pytestmark = pytest.mark.django_db


def left(variant):
    return Variant.objects.get(pk=variant.pk).stock


def is_on_offer(variant):
    return Product.objects.get(pk=variant.product_id).in_stock


def test_taking_pieces_leaves_the_rest():
    variant = VariantFactory(stock=5)
    stock.reserve(wants={variant.pk: 2})
    assert left(variant) == 3
    assert is_on_offer(variant)


def test_taking_the_last_piece_takes_the_product_off_the_lists():
    variant = VariantFactory(stock=2)
    stock.reserve(wants={variant.pk: 2})
    assert left(variant) == 0
    assert not is_on_offer(variant)


def test_a_product_with_another_variant_left_stays_on_the_lists():
    first, second = ProductFactory(variants=2, stock=1).variants.all()
    stock.reserve(wants={first.pk: 1})
    assert is_on_offer(first)
    stock.reserve(wants={second.pk: 1})
    assert not is_on_offer(first)


def test_too_few_of_one_takes_none_of_any_and_names_what_is_left():
    plenty, few, none = VariantFactory(stock=9), VariantFactory(stock=1), VariantFactory(stock=0)
    with pytest.raises(OutOfStock) as refusal:
        stock.reserve(wants={plenty.pk: 1, few.pk: 2, none.pk: 1})
    assert (left(plenty), left(few)) == (9, 1)
    assert {item.variant_id: item.left for item in refusal.value.shortages} == {few.pk: 1, none.pk: 0}
    assert few.product.display_title in refusal.value.message


def test_an_unknown_variant_is_a_shortage_not_a_crash():
    gone = VariantFactory()
    gone.delete()
    with pytest.raises(OutOfStock):
        stock.reserve(wants={gone.id or Variant().pk: 1})


def test_the_database_itself_refuses_stock_below_nothing():
    variant = VariantFactory(stock=0)
    with pytest.raises(IntegrityError):
        Variant.objects.filter(pk=variant.pk).update(stock=-1)


def test_giving_back_returns_what_the_order_took_and_shows_the_product_again():
    variant = VariantFactory(stock=3)
    order = placed_order(variant=variant, quantity=3)
    assert left(variant) == 0
    assert not is_on_offer(variant)
    stock.give_back(order_id=order.pk)
    assert left(variant) == 3
    assert is_on_offer(variant)


def test_refreshing_mends_a_flag_that_is_wrong_either_way():
    shown, hidden = VariantFactory(stock=0), VariantFactory(stock=4)
    Product.objects.filter(pk=hidden.product_id).update(in_stock=False)
    stock.refresh_in_stock(product_ids=[shown.product_id, hidden.product_id])
    assert not is_on_offer(shown)
    assert is_on_offer(hidden)
