"""What a listing promises, as data: versioned at every change, kept with every order line (R1, E9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from shop.models import Product, ProductImage, ProductVersion, Store, Variant

WORDS = ("title", "summary", "description", "function", "usage", "warranty", "validity")


def promise_of(product: Product) -> dict[str, Any]:
    """Everything a buyer is promised: words in both languages, pictures, prices, return policy. Plain JSON."""
    store: Store = product.store
    return {
        "version": product.version,
        **{name: in_both(product, name) for name in WORDS},
        "store": {"id": str(store.pk), "name": in_both(store, "name"), "region": store.region},
        "return_policy": in_both(store, "return_policy"),
        "kind": product.kind,
        "currency": product.currency,
        "variants": [_variant(variant) for variant in product.variants.all() if variant.is_active],
        "images": [_image(image) for image in product.images.all()],
        "weight_g": product.weight_g,
        "fragile": product.fragile,
        "perishable": product.perishable,
        **({"manual": product.manual_url} if product.manual_url else {}),
    }


def publish_version(*, product: Product, author_id: UUID | None, now: datetime) -> ProductVersion:
    """
    Write down the present promise as the next version, unless it is what the last version says already.

    The product row must be locked by the caller; its ``version`` is moved along.
    """
    fresh = Product.objects.select_related("store").prefetch_related("variants", "images").get(pk=product.pk)
    last = ProductVersion.objects.filter(product=product).order_by("-version").first()
    promise = promise_of(fresh)
    if last is not None and _same(last.promise, promise):
        return last
    number = last.version + 1 if last is not None else 1
    promise["version"] = number
    if fresh.version != number:
        Product.objects.filter(pk=product.pk).update(version=number)
    product.version = number
    return ProductVersion.objects.create(
        product=product, version=number, promise=promise, author_id=author_id, created_at=now
    )


def in_both(row: Product | Store | Variant, name: str) -> dict[str, str]:
    """A text column and its English twin."""
    return {"zh": getattr(row, name), "en": getattr(row, f"{name}_en")}


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return {**old, "version": None} == {**new, "version": None}


def _variant(variant: Variant) -> dict[str, Any]:
    return {
        "id": str(variant.pk),
        "name": in_both(variant, "name"),
        "sku": variant.sku,
        "price_minor": variant.price_minor,
    }


def _image(image: ProductImage) -> dict[str, str | None]:
    return {
        "large": image.large.name,
        "card": image.card.name,
        "thumb": image.thumb.name,
        "alt": image.alt,
        "sha256": image.sha256,
    }
