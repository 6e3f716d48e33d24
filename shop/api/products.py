"""What is on sale, for everybody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import PublicDoor, read
from core.api_pages import PARAMETERS, page, page_schema
from core.errors import NotFound
from core.money import MAX_MINOR
from shop.api.product_shapes import ProductDetail, ProductRow
from shop.models import Category, Product, Store, Variant
from shop.queries.catalogue import ORDERS, Wish, matching, on_sale
from shop.search import MAX_QUERY, read_query

LONG = (
    "description", "description_en", "function", "function_en", "usage", "usage_en", "warranty", "warranty_en",
    "validity", "validity_en", "search",
)  # fmt: skip


class ProductWish(serializers.Serializer[Any]):
    """What a list of products may be asked for."""

    q = serializers.CharField(required=False, max_length=MAX_QUERY, allow_blank=True, help_text="Words to find.")
    category = serializers.CharField(required=False, max_length=60, help_text="Slug; what is under it is meant too.")
    store = serializers.CharField(required=False, max_length=60, help_text="Slug of a store.")
    low = serializers.IntegerField(required=False, min_value=0, max_value=MAX_MINOR, help_text="Lowest price, minor.")
    high = serializers.IntegerField(required=False, min_value=0, max_value=MAX_MINOR, help_text="Highest, minor.")
    sort = serializers.ChoiceField(list(ORDERS), required=False)

    def validate_category(self, slug: str) -> tuple[int, ...]:
        found = Category.objects.filter(slug=slug).first()
        if found is None:
            raise serializers.ValidationError(_("There is no such category."))
        return (found.pk, *Category.objects.filter(parent=found).values_list("pk", flat=True))

    def validate_store(self, slug: str) -> UUID:
        pk = Store.objects.filter(slug=slug).values_list("pk", flat=True).first()
        if pk is None:
            raise serializers.ValidationError(_("There is no such store."))
        return pk


class Products(PublicDoor):
    """Find products."""

    @extend_schema(
        operation_id="listProducts", tags=["products"], parameters=[ProductWish, *PARAMETERS],
        responses={200: page_schema("ProductPage", ProductRow)},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Products on sale; filters narrow, `next` leads on."""
        said = read(ProductWish, request, query=True)
        wish = Wish(
            query=read_query(said.get("q", "")),
            category_ids=said.get("category", ()),
            store_id=said.get("store"),
            low_minor=said.get("low"),
            high_minor=said.get("high"),
            sort=said.get("sort", "relevance"),
        )
        return page(matching(wish).select_related("store", "category").defer(*LONG), request, ProductRow)


class ProductById(PublicDoor):
    """One product."""

    @extend_schema(operation_id="getProduct", tags=["products"], responses={200: ProductDetail})
    def get(self, request: Request, pk: UUID) -> Response:
        """A product that is on sale, with its variants and pictures; 404 for everything else."""
        offered = Prefetch("variants", Variant.objects.filter(is_active=True).select_related("product"), "offered")
        rows = on_sale().select_related("store", "category").prefetch_related(offered, "images").defer("search")
        found: Product | None = rows.filter(pk=pk).first()
        if found is None:
            raise NotFound
        return Response(ProductDetail(found, context={"request": request}).data)
