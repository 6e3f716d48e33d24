"""Products as the API shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api_fields import MoneySerializer
from shop.models.stores import in_language
from shop.queries.catalogue import media_url


class StoreBrief(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField(source="display_name")


class ProductRow(serializers.Serializer[Any]):
    """
    One product in a list; the price is that of its cheapest variant.

    `kind`: `physical`, shipped, or `code`, delivered by the payment.
    """

    id = serializers.UUIDField()
    kind = serializers.CharField()
    title = serializers.CharField(source="display_title")
    summary = serializers.CharField(source="display_summary")
    price = MoneySerializer()
    category = serializers.CharField(source="category.slug")
    store = StoreBrief()
    image = serializers.SerializerMethodField(help_text="Address of the main picture; empty without one.")
    in_stock = serializers.BooleanField()
    sold = serializers.IntegerField()

    def get_image(self, product: Any) -> str:
        return _absolute(self, media_url(product.cover))


class VariantShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField(source="display_name")
    price = MoneySerializer()
    stock = serializers.IntegerField()


class ImageShape(serializers.Serializer[Any]):
    url = serializers.SerializerMethodField()
    alt = serializers.CharField()

    def get_url(self, image: Any) -> str:
        return _absolute(self, image.large.url)


class ProductDetail(ProductRow):
    """One product with what it promises; an order keeps the promise it was bought under."""

    description = serializers.SerializerMethodField()
    function = serializers.SerializerMethodField()
    usage = serializers.SerializerMethodField()
    warranty = serializers.SerializerMethodField()
    validity = serializers.SerializerMethodField()
    version = serializers.IntegerField()
    variants = VariantShape(many=True, source="offered")
    images = ImageShape(many=True, source="images.all")

    def get_description(self, product: Any) -> str:
        return in_language(product.description, product.description_en)

    def get_function(self, product: Any) -> str:
        return in_language(product.function, product.function_en)

    def get_usage(self, product: Any) -> str:
        return in_language(product.usage, product.usage_en)

    def get_warranty(self, product: Any) -> str:
        return in_language(product.warranty, product.warranty_en)

    def get_validity(self, product: Any) -> str:
        return in_language(product.validity, product.validity_en)


class MerchantVariant(VariantShape):
    sku = serializers.CharField()
    is_active = serializers.BooleanField()


class MerchantProduct(serializers.Serializer[Any]):
    """A product as its store sees it."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    status = serializers.CharField()
    title = serializers.CharField()
    title_en = serializers.CharField()
    category = serializers.CharField(source="category.slug")
    price = MoneySerializer()
    version = serializers.IntegerField()
    in_stock = serializers.BooleanField()
    sold = serializers.IntegerField()
    lacks = serializers.SerializerMethodField(help_text="What is still missing before it can be listed.")
    variants = MerchantVariant(many=True, source="variants.all")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_lacks(self, product: Any) -> list[str]:
        return [lack.field for lack in self.context["lacks_of"](product)]


def _absolute(serializer: serializers.BaseSerializer[Any], url: str) -> str:
    request = serializer.context.get("request")
    return request.build_absolute_uri(url) if url and request is not None else url
