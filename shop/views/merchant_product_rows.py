"""The merchant's products as rows, tabs and acts, ready to print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from core.money import Money
from shop.models import Product, Variant
from shop.queries.catalogue import media_url
from shop.queries.listings import SOLD_OUT, TABS, sold_lately
from shop.states import PRODUCT, ProductStatus


@dataclass(frozen=True, slots=True)
class Act:
    """A move to another state, as a button."""

    target: str
    label: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class ProductRow:
    product: Product
    image: str
    price: str
    variants: list[Variant]
    stock: int
    sold_lately: int
    acts: list[Act]


def product_rows(products: Iterable[Product], *, store_id: UUID, now: datetime) -> list[ProductRow]:
    """Rows of the list; one query for what was sold lately."""
    found = list(products)
    lately = sold_lately(store_id=store_id, product_ids=[product.pk for product in found], now=now)
    return [_row(product, lately.get(product.pk, 0)) for product in found]


def tabs(counts: Mapping[str, int], *, current: str) -> list[dict[str, object]]:
    words = {
        str(ProductStatus.LISTED): _("On sale"),
        SOLD_OUT: _("Sold out"),
        str(ProductStatus.DRAFT): _("Drafts"),
        str(ProductStatus.UNLISTED): _("Off the shelf"),
        str(ProductStatus.DELETED): _("Bin"),
    }
    return [
        {
            "label": words[str(tab)],
            "url": f"?tab={tab}",
            "count": counts[str(tab)],
            "urgent": tab == SOLD_OUT,
            "current": str(tab) == current,
        }
        for tab in TABS
    ]


def status_acts(product: Product) -> list[Act]:
    """What may be done with a product from where it is."""
    words = {
        ProductStatus.LISTED: Act("listed", _("Put on sale"), "primary"),
        ProductStatus.UNLISTED: Act("unlisted", _("Take off the shelf")),
        ProductStatus.DELETED: Act("deleted", _("Put into the bin"), "danger"),
    }
    if product.status == ProductStatus.DELETED:
        words[ProductStatus.UNLISTED] = Act("unlisted", _("Take out of the bin"))
    moves = PRODUCT.moves[ProductStatus(product.status)]
    return [act for target, act in words.items() if target in moves]


def _row(product: Product, lately: int) -> ProductRow:
    variants = [variant for variant in product.variants.all() if variant.is_active]
    prices = [variant.price_minor for variant in variants] or [product.price_minor]
    low, high = Money(min(prices), product.currency), Money(max(prices), product.currency)
    return ProductRow(
        product=product,
        image=media_url(product.cover),
        price=str(low) if low == high else f"{low} – {high}",
        variants=variants,
        stock=sum(variant.stock for variant in variants),
        sold_lately=lately,
        acts=status_acts(product),
    )
