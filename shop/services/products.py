"""Listings: written, priced, put on the shelf and taken off it. Every change of words or price makes a version (R1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Prefetch
from django.utils.translation import gettext_lazy as _

from accounts.services import standing
from core import audit
from core.actor import Actor
from core.transitions import advance
from shop.errors import (
    BrandMissing,
    NoSuchProduct,
    NotReadyToList,
    PermitMissing,
    StaleListing,
    StockIsCounted,
    StockMoved,
    StoreNotApproved,
)
from shop.models import Category, CodeBatch, OrderLine, Product, Store, Variant
from shop.roles import Act
from shop.search import index_text
from shop.services.access import require
from shop.services.goods_papers import missing_papers
from shop.services.listing import lacks_of, lost_while_listed
from shop.services.promises import promise_of, publish_version
from shop.services.standing import keep_papers
from shop.services.stock import refresh_in_stock
from shop.states import PRODUCT, Kind, ProductStatus, StoreStatus

__all__ = ["promise_of", "publish_version"]


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """A row of the variants table. ``seen_stock``: what the merchant was shown, so that sales meanwhile are kept."""

    price_minor: int
    stock: int
    name: str = ""
    name_en: str = ""
    sku: str = ""
    is_active: bool = True
    id: UUID | None = None
    seen_stock: int | None = None
    remove: bool = False


@dataclass(frozen=True, slots=True)
class ListingFacts:
    """What the editor writes: columns of the product by name, and its variants in their order."""

    category_id: int
    words: Mapping[str, str]
    variants: Sequence[VariantFacts]
    weight_g: int = 0
    fragile: bool = False
    perishable: bool = False
    kind: str = Kind.PHYSICAL  # of a new product; what is there keeps its own


@transaction.atomic
def create_product(*, store: Store, facts: ListingFacts, actor: Actor, now: datetime) -> Product:
    """Write a new draft with its variants and first version; a store that is not approved yet may do this too."""
    require(store, Act.PRODUCTS, actor=actor)
    prices = [row.price_minor for row in facts.variants if not row.remove]
    product = Product(store=store, currency=store.currency, price_minor=min(prices), created_at=now, kind=facts.kind)
    _write(product, facts)
    _write_variants(product, facts.variants)
    refresh_in_stock(product_ids=[product.pk])
    publish_version(product=product, author_id=actor.user_id, now=now)
    _audit(product, "product.created", actor)
    return product


@transaction.atomic
def save_product(
    *, store_id: UUID, product_id: UUID, seen_version: int, facts: ListingFacts, actor: Actor, now: datetime
) -> Product:
    """
    Write what the editor says.

    :raises AccountLimited: if a price changes, and the account of who changes it may not
    :raises StaleListing: if the listing has another version by now than the one that was edited
    :raises StockMoved: if a changed count would come out below nothing, because of sales meanwhile
    :raises NotReadyToList: if the listing is on sale and would lose something that it must have
    """
    keep_papers(store_id)
    product = lock_product(store_id=store_id, product_id=product_id)
    require(product.store, Act.PRODUCTS, actor=actor)
    if product.version != seen_version:
        raise StaleListing
    before = _again(product)
    _write(product, facts)
    _write_variants(product, facts.variants)
    product = _again(product)
    if changed := _changes(_prices(before), _prices(product)):
        standing.require(actor.user_id, "change_price")
    _check_still_listed(before, product)
    _check_papers(before, product)
    _note_lowest_price(product)
    refresh_in_stock(product_ids=[product.pk])
    publish_version(product=product, author_id=actor.user_id, now=now)
    _audit(product, "product.saved", actor, prices=changed)
    return product


@transaction.atomic
def change_status(*, store_id: UUID, product_id: UUID, target: str, actor: Actor, now: datetime) -> Product:
    """
    Put a product on the shelf, off it, into the bin or out of it.

    :raises StoreNotApproved: if the store may not sell yet, or no more
    :raises PermitMissing: if its category needs a permit that we have not seen
    :raises BrandMissing: if it names a brand of another without an authorisation that we have seen
    :raises NotReadyToList: if something is missing for a sale
    :raises IllegalTransition: if the way from where it is does not exist
    """
    keep_papers(store_id)
    product = lock_product(store_id=store_id, product_id=product_id)
    require(product.store, Act.PRODUCTS, actor=actor)
    changes: dict[str, Any] = {}
    if target == ProductStatus.LISTED:
        _check_may_list(product)
        if lacks := lacks_of(product):
            raise NotReadyToList(fields={lack.field: lack.text for lack in lacks})
        changes = {"listed_at": product.listed_at or now}  # coming back does not make it new again
    advance(product, target, machine=PRODUCT, actor=actor, reason="merchant", facts={}, **changes)
    return product


@transaction.atomic
def set_stock(*, store_id: UUID, variant_id: UUID, stock: int, seen: int, actor: Actor) -> int:
    """
    Correct a count: the difference to what was shown is applied, so that sales meanwhile stay taken off.

    :raises StockMoved: if that would come out below nothing
    :raises StockIsCounted: for codes
    """
    variant = Variant.objects.filter(pk=variant_id, product__store_id=store_id).first()
    if variant is None:
        raise NoSuchProduct
    product = lock_product(store_id=store_id, product_id=variant.product_id)
    require(product.store, Act.PRODUCTS, actor=actor)
    if product.kind == Kind.CODE:
        raise StockIsCounted
    left = _move_stock(variant_id, stock - seen)
    refresh_in_stock(product_ids=[variant.product_id])
    facts = {"variant": str(variant_id), "change": stock - seen, "stock": left}
    _audit(variant.product, "product.stock", actor, **facts)
    return left


@transaction.atomic
def republish_store(*, store_id: UUID, author_id: UUID | None, now: datetime) -> int:
    """Give every listing the store's changed name or return policy in a version of its own; how many there were."""
    rows = Product.objects.select_for_update(of=("self",)).select_related("store", "category").filter(store_id=store_id)
    products = list(rows.exclude(status=ProductStatus.DELETED).order_by("pk"))
    for product in products:
        Product.objects.filter(pk=product.pk).update(search=index_text(product))
        publish_version(product=product, author_id=author_id, now=now)
    return len(products)


def lock_product(*, store_id: UUID, product_id: UUID) -> Product:
    """
    A store's product, locked, with its variants and pictures loaded.

    :raises NoSuchProduct: if the store has none such
    """
    row = Product.objects.select_for_update().filter(pk=product_id, store_id=store_id).first()
    if row is None:
        raise NoSuchProduct
    return _again(row)


def _check_may_list(product: Product) -> None:
    if product.store.status != StoreStatus.APPROVED:
        raise StoreNotApproved
    for paper in missing_papers(product):
        raise PermitMissing(permit=paper.title) if paper.permit else BrandMissing(brand=paper.title)


def _again(product: Product) -> Product:
    rows = Product.objects.select_related("store", "category")
    variants = Prefetch("variants", queryset=Variant.objects.order_by("position", "id"))
    return rows.prefetch_related(variants, "images").get(pk=product.pk)


def _write(product: Product, facts: ListingFacts) -> None:
    product.category = Category.objects.get(pk=facts.category_id)
    for name, text in facts.words.items():
        setattr(product, name, text)
    product.weight_g, product.fragile, product.perishable = facts.weight_g, facts.fragile, facts.perishable
    product.search = index_text(product)
    if product._state.adding:
        product.save(force_insert=True)
    else:  # never the columns that sales write
        product.save(update_fields=["category", *facts.words, "weight_g", "fragile", "perishable", "search"])


def _write_variants(product: Product, rows: Sequence[VariantFacts]) -> None:
    known = {variant.pk: variant for variant in Variant.objects.filter(product=product)}
    is_counted = product.kind == Kind.CODE  # what is typed as stock says nothing there
    for place, row in enumerate(rows):
        variant = known.get(row.id) if row.id else None
        if row.remove:
            _remove_variant(variant)
            continue
        words = {"name": row.name, "name_en": row.name_en, "sku": row.sku, "price_minor": row.price_minor}
        words |= {"position": place, "is_active": row.is_active}
        if variant is None:
            Variant.objects.create(product=product, stock=0 if is_counted else row.stock, **words)
            continue
        Variant.objects.filter(pk=variant.pk).update(**words)
        seen = row.stock if row.seen_stock is None else row.seen_stock
        if row.stock != seen and not is_counted:
            _move_stock(variant.pk, row.stock - seen)


def _remove_variant(variant: Variant | None) -> None:
    """What somebody bought stays on record, unseen; the rest goes."""
    if variant is None:
        return
    if OrderLine.objects.filter(variant=variant).exists() or CodeBatch.objects.filter(variant=variant).exists():
        Variant.objects.filter(pk=variant.pk).update(is_active=False)
    else:
        variant.delete()


def _move_stock(variant_id: UUID, change: int) -> int:
    row = Variant.objects.filter(pk=variant_id)
    enough = row.filter(stock__gte=-change) if change < 0 else row
    if not enough.update(stock=F("stock") + change):
        raise StockMoved(left=row.values_list("stock", flat=True).get())
    return int(row.values_list("stock", flat=True).get())


def _check_still_listed(before: Product, after: Product) -> None:
    if after.status == ProductStatus.LISTED and (lost := lost_while_listed(before, after)):
        raise NotReadyToList(
            _("While it is on sale, a product keeps these."), fields={lack.field: lack.text for lack in lost}
        )


def _check_papers(before: Product, after: Product) -> None:
    """A product on sale may not come to need a paper that we have not seen; what it lacked before is the clock's."""
    if after.status == ProductStatus.LISTED:
        known = missing_papers(before)
        for paper in missing_papers(after):
            if paper not in known:
                raise PermitMissing(permit=paper.title) if paper.permit else BrandMissing(brand=paper.title)


def _note_lowest_price(product: Product) -> None:
    rows = list(product.variants.all())
    prices = [row.price_minor for row in rows if row.is_active] or [row.price_minor for row in rows]
    if prices and product.price_minor != min(prices):
        product.price_minor = min(prices)
        Product.objects.filter(pk=product.pk).update(price_minor=product.price_minor)


def _prices(product: Product) -> dict[str, int]:
    return {str(row.pk): row.price_minor for row in product.variants.all() if row.is_active}


def _changes(old: Mapping[str, int], new: Mapping[str, int]) -> dict[str, list[int | None]]:
    return {key: [old.get(key), new.get(key)] for key in {*old, *new} if old.get(key) != new.get(key)}


def _audit(product: Product, act: str, actor: Actor, **facts: Any) -> None:
    facts = {"version": product.version, **facts}
    audit.record(actor=actor, act=act, subject_type="product", subject=str(product.pk), facts=facts)
