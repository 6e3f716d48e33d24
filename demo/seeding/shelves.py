"""Stores, categories and products with their own pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import User
from core import clock
from core.actor import SYSTEM
from demo import catalogue
from demo.catalogue.shapes import Product as Item
from demo.pictures import gallery, product_image, renditions, store_logo
from demo.seeding.keys import fill_pool
from demo.seeding.people import demo_id
from demo.seeding.vetting import show_papers
from escrow.services.payouts import set_payout_account
from logistics.services.carriers import choose_carriers, ensure_carriers
from shop.models import Category, Product, ProductImage, Store, Variant
from shop.search import index_text
from shop.services.promises import publish_version
from shop.states import Kind, ProductStatus, StoreStatus

Drawn = list[tuple[str, str, str, dict[str, str]]]  # alt zh, alt en, digest, rendition → path
CARRIERS = ["sandbox", "sf", "zto"]
NEEDS = {"food": "food"}  # category → permit


@contextmanager
def seed_shelves(
    users: Mapping[str, User], *, now: datetime, first: Collection[str], workers: int = 2
) -> Iterator[dict[str, Product]]:
    """
    Write all stores and listings; give those of the stores in ``first``, and what is sold as codes, by slug.

    Drawing takes longest. It goes on in processes of its own while the caller works with the first products; the others
    are written when he is done.
    """
    ensure_carriers()
    categories = _categories()
    with clock.at(now):
        stores = {item.slug: _store(item, users[item.owner], now=now) for item in catalogue.stores()}
        permits = _permits()
        for place, (slug, store) in enumerate(stores.items()):
            show_papers(store, reviewer=users["meng-ping"], place=place, permits=permits.get(slug, ()), now=now)
    played = {item.slug for item in catalogue.products() if item.store in first or item.kind == Kind.CODE}
    items = sorted(catalogue.products(), key=lambda item: item.slug not in played)
    with ProcessPoolExecutor(workers) as pool:
        drawn = {item.slug: pool.submit(_draw, item.slug) for item in items}

        def write(item: Item) -> Product:
            pictures = drawn[item.slug].result()
            return _product(item, stores[item.store], categories[item.category], pictures, now=now)

        yield {item.slug: write(item) for item in items if item.slug in played}
        for item in items:
            if item.slug not in played:
                write(item)


def _categories() -> dict[str, Category]:
    found: dict[str, Category] = {}
    for item in catalogue.categories():
        found[item.slug] = Category.objects.create(
            slug=item.slug, name=item.name.zh, name_en=item.name.en, position=item.position,
            parent=found[item.parent] if item.parent else None, permit=NEEDS.get(item.slug, ""),
        )  # fmt: skip
    return found


def _permits() -> dict[str, list[str]]:
    """Which permits each store needs for what it sells, by slug."""
    parents = {item.slug: item.parent for item in catalogue.categories()}
    found: dict[str, set[str]] = {}
    for item in catalogue.products():
        permit = NEEDS.get(item.category) or NEEDS.get(parents[item.category] or "")
        if permit:
            found.setdefault(item.store, set()).add(permit)
    return {slug: sorted(wanted) for slug, wanted in found.items()}


def _store(item: catalogue.Store, owner: User, *, now: datetime) -> Store:
    store = Store(
        id=demo_id(f"store:{item.slug}"), owner=owner, slug=item.slug, name=item.name.zh, name_en=item.name.en,
        about=item.about.zh, about_en=item.about.en, return_policy=item.return_policy.zh,
        return_policy_en=item.return_policy.en, region=item.region.zh, region_en=item.region.en,
        shipping_minor=item.shipping_minor,
        free_shipping_from_minor=item.free_shipping_from_minor, status=StoreStatus.APPROVED, may_sell=True,
    )  # fmt: skip
    store.logo.save(f"{item.slug}.webp", ContentFile(store_logo(item.slug)), save=False)
    store.save()
    Store.objects.filter(pk=store.pk).update(created_at=now - timedelta(days=500))  # older than its oldest order
    choose_carriers(store_id=store.pk, codes=CARRIERS, default="sandbox")
    number = str(int(hashlib.sha256(item.slug.encode()).hexdigest(), 16))[:12]
    set_payout_account(
        store_id=store.pk, bank="踏实沙盒银行", holder=owner.name, number=f"622200{number}8", actor=SYSTEM, now=now
    )
    return store


def _draw(slug: str) -> Drawn:
    """Draw a product's pictures and keep the files; runs in a process of its own."""
    pictures: Drawn = []
    for shot in gallery(slug)[:2]:
        files = renditions(product_image(slug, shot.kind, shot.colour))
        digest = hashlib.sha256(files["large"]).hexdigest()
        paths = {}
        for size, data in files.items():
            name = f"products/{digest[:2]}/{digest[2:40]}-{size}.webp"
            paths[size] = name if default_storage.exists(name) else default_storage.save(name, ContentFile(data))
        pictures.append((shot.alt.zh, shot.alt.en, digest, paths))
    return pictures


def _product(item: Item, store: Store, category: Category, drawn: Drawn, *, now: datetime) -> Product:
    texts = {}
    for name in ("title", "summary", "description", "function", "usage", "warranty", "validity"):
        pair = getattr(item, name)
        texts[name], texts[f"{name}_en"] = pair.zh, pair.en
    product = Product(
        id=demo_id(f"product:{item.slug}"), store=store, category=category, status=ProductStatus.LISTED, kind=item.kind,
        price_minor=item.price_minor, weight_g=item.weight_g, fragile=item.fragile, perishable=item.perishable,
        in_stock=any(variant.stock for variant in item.variants), listed_at=now, cover=drawn[0][3]["card"],
        cover_alt=drawn[0][0][:120], **texts,
    )  # fmt: skip
    product.search = index_text(product)
    product.save()
    Variant.objects.bulk_create(
        Variant(
            id=demo_id(f"variant:{item.slug}:{place}"), product=product, name=variant.name.zh, name_en=variant.name.en,
            sku=variant.sku, price_minor=variant.price_minor, position=place,
            stock=variant.stock if item.kind == Kind.PHYSICAL else 0,  # the pool's, once it is filled
        )
        for place, variant in enumerate(item.variants)
    )  # fmt: skip
    ProductImage.objects.bulk_create(
        ProductImage(
            id=demo_id(f"image:{item.slug}:{place}"),
            product=product,
            alt=alt[:120],
            sha256=digest,
            position=place,
            **paths,
        )
        for place, (alt, _, digest, paths) in enumerate(drawn)
    )
    publish_version(product=product, author_id=store.owner_id, now=now)
    if item.kind == Kind.CODE:
        fill_pool(product, [variant.stock for variant in item.variants], now=now)
    return product
