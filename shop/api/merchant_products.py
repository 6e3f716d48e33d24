"""A store's own listings."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api import read
from core.api_fields import Flag, MoneyInput, Strict, Text, Whole, same_currency
from core.api_pages import PARAMETERS, page, page_schema
from core.http import actor_of
from core.money import Money
from shop.api.merchant_door import MerchantOnce
from shop.api.product_shapes import MerchantProduct
from shop.forms.fields import MAX_PRICE_MINOR
from shop.forms.products import MAX_STOCK, MAX_VARIANTS, MAX_WEIGHT_G, WORDS
from shop.models import Category, Product, Variant
from shop.queries.listings import TABS, product_for_editor, store_products
from shop.roles import Act
from shop.services.listing import lacks_of
from shop.services.products import ListingFacts, VariantFacts, create_product
from shop.states import Kind

TABS_HERE = [str(tab) for tab in TABS]
TAB = OpenApiParameter("tab", str, enum=TABS_HERE, description="`listed` if not said.")
LONGEST = 2_000
LIMITS = {
    "title": 120, "title_en": 120, "brand": 60, "summary": 200, "summary_en": 200, "description": 20_000,
    "description_en": 20_000,
}  # fmt: skip


class ListingWish(serializers.Serializer[Any]):
    tab = serializers.ChoiceField(TABS_HERE, required=False, default="listed")
    q = serializers.CharField(required=False, default="", allow_blank=True, max_length=80)


class VariantInput(Strict):
    name = Text(required=False, default="", allow_blank=True, max_length=60)
    name_en = Text(required=False, default="", allow_blank=True, max_length=60)
    sku = Text(required=False, default="", allow_blank=True, max_length=40)
    price = MoneyInput()
    stock = Whole(min_value=0, max_value=MAX_STOCK)
    is_active = Flag(required=False, default=True)

    def validate_price(self, price: Money) -> Money:
        if not 0 < price.minor <= MAX_PRICE_MINOR:
            raise serializers.ValidationError(_("A price is more than nothing and at most 10,000,000.00."))
        return price


class ListingInput(Strict):
    """A draft. What it needs before it can be listed is told in `lacks`; pictures are added on its page."""

    kind = serializers.ChoiceField(
        Kind.values, required=False, default=Kind.PHYSICAL, help_text="Of `code` the stock is counted from the pool."
    )
    category = Text(max_length=60, help_text="Slug.")
    title = Text(max_length=120)
    weight_g = Whole(required=False, default=0, min_value=0, max_value=MAX_WEIGHT_G)
    fragile = Flag(required=False, default=False)
    perishable = Flag(required=False, default=False)
    variants = VariantInput(many=True, allow_empty=False, max_length=MAX_VARIANTS)  # type: ignore[call-arg]

    def get_fields(self) -> dict[str, Any]:
        words = {
            name: Text(required=False, default="", allow_blank=True, max_length=LIMITS.get(name, LONGEST))
            for name in WORDS
        }
        return words | super().get_fields()

    def validate_category(self, slug: str) -> int:
        pk = Category.objects.filter(slug=slug).values_list("pk", flat=True).first()
        if pk is None:
            raise serializers.ValidationError(_("There is no such category."))
        return pk

    def validate_variants(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        names = [row["name"].strip() for row in rows if row["is_active"]]
        if len(names) > 1 and not all(names):
            raise serializers.ValidationError(_("Several variants need a name each, so that a buyer can choose."))
        if len(set(names)) < len(names):
            raise serializers.ValidationError(_("Two variants have the same name."))
        return rows


class MerchantProducts(MerchantOnce):
    """A store's listings."""

    needs: ClassVar = {"GET": Act.PRODUCTS, "POST": Act.PRODUCTS}

    @extend_schema(
        operation_id="listMerchantProducts", tags=["merchant"],
        parameters=[TAB, OpenApiParameter("q", str, description="Words or part of an item number."), *PARAMETERS],
        responses={200: page_schema("MerchantProductPage", MerchantProduct)},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """The store's products, newest first."""
        said = read(ListingWish, request, query=True)
        offered = Prefetch("variants", Variant.objects.order_by("position", "id").select_related("product"))
        rows = store_products(store_id=self.store.pk, tab=said["tab"], text=said["q"]).prefetch_related(None)
        rows = rows.select_related("store", "category").prefetch_related(offered, "images")
        return page(rows, request, MerchantProduct, lacks_of=lacks_of)

    @extend_schema(
        operation_id="createProduct", tags=["merchant"], request=ListingInput, responses={201: MerchantProduct}
    )
    def post(self, request: Request) -> Response:
        """Write a draft with its variants."""
        facts = _facts(read(ListingInput, request), currency=self.store.currency)
        made = create_product(store=self.store, facts=facts, actor=actor_of(request), now=clock.now())
        found: Product = product_for_editor(store_id=self.store.pk, pk=made.pk)
        shape = MerchantProduct(found, context={"lacks_of": lacks_of})
        return Response(shape.data, status=status.HTTP_201_CREATED)


def _facts(said: dict[str, Any], *, currency: str) -> ListingFacts:
    for place, row in enumerate(said["variants"]):
        same_currency(row["price"], currency, field=f"variants.{place}.price")
    variants = [
        VariantFacts(price_minor=row["price"].minor, **{name: row[name] for name in row if name != "price"})
        for row in said["variants"]
    ]
    return ListingFacts(
        category_id=said["category"],
        words={name: said[name] for name in WORDS},
        variants=variants,
        weight_g=said["weight_g"],
        fragile=said["fragile"],
        perishable=said["perishable"],
        kind=said["kind"],
    )
