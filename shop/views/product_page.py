"""Everything one product's page shows, gathered once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from core import policies
from core.money import Money
from core.policies import Rules
from core.prepared import Blank, Prepared
from shop.models import Product, ProductImage, Variant
from shop.models.stores import in_language, picture_words
from shop.queries.catalogue import media_url
from shop.queries.stores import StoreNumbers, lately_of
from shop.states import Kind, ProductStatus

HONEST = {
    "function": _("What it does"),
    "usage": _("How it is used"),
    "warranty": _("Warranty"),
    "validity": _("Keeps or stays valid"),
}


_VARIANTS = Prepared(lambda: Variant.objects.filter(product=Blank("product"), is_active=True))
_IMAGES = Prepared(lambda: ProductImage.objects.filter(product=Blank("product")))


@dataclass(frozen=True, slots=True)
class Choice:
    """A variant as a pill."""

    id: str
    name: str
    price: Money
    stock: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class ProductPage:
    """``is_seen``: it is on sale in an open store, or previewed by its merchant; else the page says that it is not."""

    title: str
    summary: str
    paragraphs: list[str]
    honest: list[tuple[str, str]]
    photos: list[dict[str, str]]
    choices: list[Choice]
    price: Money
    price_to: Money | None
    numbers: StoreNumbers
    inspection_days: int
    ship_by_hours: int
    never_shipped_days: int
    is_code: bool
    unopened_days: int
    is_seen: bool
    is_preview: bool
    can_buy: bool
    most: int

    @property
    def chosen(self) -> Choice | None:
        return next((choice for choice in self.choices if choice.chosen), None)


def product_page(product: Product, *, is_preview: bool, now: datetime) -> ProductPage:
    """Gather the page: variants, pictures and the store's numbers, a query each."""
    rules = _rules(product.kind, int(now.timestamp()) // 60)
    variants = _VARIANTS.all(product=product.pk)
    choices = _choices(variants, product)
    prices = [choice.price for choice in choices] or [product.price]
    low, high = min(prices), max(prices)
    on_sale = product.status == ProductStatus.LISTED and product.store.sells
    return ProductPage(
        title=product.display_title,
        summary=product.display_summary,
        paragraphs=_paragraphs(in_language(product.description, product.description_en)),
        honest=[(str(word), text) for name, word in HONEST.items() if (text := _text(product, name))],
        photos=_photos(product),
        choices=choices,
        price=low,
        price_to=high if high.minor != low.minor else None,
        numbers=lately_of(store_id=product.store_id, now=now),
        inspection_days=rules.inspection_hours // 24,
        ship_by_hours=rules.ship_by_hours,
        never_shipped_days=rules.never_shipped_hours // 24,
        is_code=product.kind == Kind.CODE,
        unopened_days=rules.inspection_weak_hours // 24,
        is_seen=on_sale or is_preview,
        is_preview=is_preview and not on_sale,
        can_buy=on_sale and any(choice.stock for choice in choices),
        most=min(999, max((choice.stock for choice in choices), default=0)),
    )


@lru_cache(maxsize=64)
def _rules(kind: str, minute: int) -> Rules:
    """The rules an order would be made under, as of this minute; the order itself takes them afresh."""
    return policies.from_values(policies.current(kind).values)


def _choices(variants: list[Variant], product: Product) -> list[Choice]:
    """The first one in stock is chosen already: one click less."""
    first = next((variant.pk for variant in variants if variant.stock), None)
    return [
        Choice(
            id=str(variant.pk),
            name=variant.display_name,
            price=Money(variant.price_minor, product.currency),
            stock=variant.stock,
            chosen=variant.pk == first,
        )
        for variant in variants
    ]


def _photos(product: Product) -> list[dict[str, str]]:
    return [
        {
            "url": media_url(image.large.name),
            "card": media_url(image.card.name),
            "thumb": media_url(image.thumb.name),
            "alt": picture_words(image.alt, product.title_en) or (product.display_title if not place else ""),
        }
        for place, image in enumerate(_IMAGES.all(product=product.pk))
    ]


def _text(product: Product, name: str) -> str:
    words: Any = in_language(getattr(product, name), getattr(product, f"{name}_en"))
    return str(words).strip()


def _paragraphs(text: str) -> list[str]:
    """Plain text in paragraphs: what stands between empty lines. Templates escape it and keep its line breaks."""
    parts = text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n")
    return [part.strip() for part in parts if part.strip()]
