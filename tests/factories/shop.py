"""Stores and what they sell."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from core import clock
from shop.models import Category, Coupon, Product, Store, Variant
from shop.search import index_text
from shop.services.promises import publish_version
from shop.states import CouponStatus, ProductStatus, StoreStatus


class StoreFactory(DjangoModelFactory[Store]):
    """An approved store."""

    class Meta:
        model = Store

    owner = factory.SubFactory("tests.factories.accounts.UserFactory")
    slug = factory.Sequence(lambda n: f"store-{n}")
    name = factory.Sequence(lambda n: f"山间茶铺{n}")
    name_en = factory.Sequence(lambda n: f"Hillside Tea {n}")
    return_policy = "签收后七天内可退，退货运费由买家承担。"
    return_policy_en = "Returns within seven days of receipt; the buyer pays the way back."
    region = "浙江杭州"
    status = StoreStatus.APPROVED
    may_sell = True


class CategoryFactory(DjangoModelFactory[Category]):
    class Meta:
        model = Category

    slug = factory.Sequence(lambda n: f"category-{n}")
    name = "茶叶"
    name_en = "Tea"


class ProductFactory(DjangoModelFactory[Product]):
    """
    A listed product with its honesty fields, one variant of stock 10 and its first version.

    ``variants=0`` leaves out variant and version; ``stock=…`` sets the variant's stock.
    """

    class Meta:
        model = Product
        skip_postgeneration_save = True

    store = factory.SubFactory(StoreFactory)
    category = factory.SubFactory(CategoryFactory)
    status = ProductStatus.LISTED
    title = factory.Sequence(lambda n: f"明前龙井绿茶 {n}号")
    title_en = factory.Sequence(lambda n: f"Spring Longjing green tea no. {n}")
    summary = "手工炒制，清香回甘。"
    summary_en = "Pan-fired by hand."
    description = "一芽一叶。\n\n每罐 100 克。"
    description_en = "One bud, one leaf.\n\n100 g a tin."
    function = "饮用绿茶"
    function_en = "Green tea for drinking"
    usage = "80 度热水冲泡"
    usage_en = "Steep at 80 °C"
    warranty = "受潮变质包退"
    warranty_en = "Refund if it arrives damp"
    validity = "保质期十八个月"
    validity_en = "Best within eighteen months"
    price_minor = 12_800
    weight_g = 150
    listed_at = factory.LazyFunction(clock.now)

    @classmethod
    def _create(cls, model_class: type[Product], *args: Any, **kwargs: Any) -> Product:
        variants, stock = kwargs.pop("variants", 1), kwargs.pop("stock", 10)
        product: Product = super()._create(model_class, *args, **kwargs)
        product.search = product.search or index_text(product)
        product.save(update_fields=["search"])
        for place in range(variants):
            Variant.objects.create(
                product=product,
                name="" if variants == 1 else f"规格{place + 1}",
                name_en="" if variants == 1 else f"Size {place + 1}",
                price_minor=product.price_minor + 1_000 * place,
                stock=stock,
                position=place,
            )
        if variants:
            publish_version(product=product, author_id=product.store.owner_id, now=clock.now())
        return product


class VariantFactory(DjangoModelFactory[Variant]):
    """One thing to buy, of a product that has no other. Stock 10."""

    class Meta:
        model = Variant

    product = factory.SubFactory(ProductFactory, variants=0)
    price_minor = factory.SelfAttribute("product.price_minor")
    stock = 10

    @classmethod
    def _create(cls, model_class: type[Variant], *args: Any, **kwargs: Any) -> Variant:
        variant: Variant = super()._create(model_class, *args, **kwargs)
        product = variant.product
        publish_version(product=product, author_id=product.store.owner_id, now=clock.now())
        return variant


class CouponFactory(DjangoModelFactory[Coupon]):
    """A running coupon for everybody: ¥10 off, one each, from yesterday to next month."""

    class Meta:
        model = Coupon

    store = factory.SubFactory(StoreFactory)
    code = factory.Sequence(lambda n: f"SAVE{n}")
    name = factory.Sequence(lambda n: f"立减券{n}")
    name_en = factory.Sequence(lambda n: f"Saver {n}")
    status = CouponStatus.RUNNING
    off_minor = 1_000
    starts_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=1))
    ends_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=30))
    created_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=2))
