"""The shop that is measured: demo people and stores, many products, many finished orders, one deal told in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from core import clock
from demo import catalogue
from demo.seeding import shelves
from demo.seeding.bulk import add_orders
from demo.seeding.people import seed_people
from demo.seeding.player import Player
from demo.seeding.timeline import play
from escrow.models import Hold, Transfer, TransferKind
from escrow.pretended import answering_here
from logistics.models import TrackingEvent
from logistics.services.carriers import ensure_carriers
from shop.models import Category, Product, ProductImage, ProductVersion, Store, Variant
from shop.search import index_text
from shop.services.promises import promise_of
from shop.states import ProductStatus

DRAWN = 4  # how many products get pictures of their own; the others borrow them
STOCK = 1_000_000
EVENTS = 10
WORDS = "绿茶"  # one product in thirty has it: three pages of hits
DEAL = (TransferKind.CAPTURE, TransferKind.RELEASE_NET, TransferKind.RELEASE_FEE)


@dataclass(frozen=True, slots=True)
class World:
    """What the visitors need to know."""

    category: str
    search: str
    products: list[str]
    goods: list[tuple[str, str]]  # product page, variant
    order: str
    buyers: list[str]  # session keys, the first one's owner has the order
    events: int
    transfers: int


def build(*, products: int, orders: int, full: bool = True) -> World | None:
    """Fill an empty database; without ``full``, only what the money measurements need."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    now = clock.now()
    users = seed_people()
    ensure_carriers()
    categories = shelves._categories()
    stores = {item.slug: shelves._store(item, users[item.owner], now=now) for item in catalogue.stores()}
    _products(products, stores, categories, now=now, pictures=full)
    if orders:
        add_orders(orders, now=now)
    world = _world(users, now=now) if full else None
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return world


def _products(
    count: int, stores: dict[str, Store], categories: dict[str, Category], *, now: datetime, pictures: bool
) -> None:
    items = catalogue.products()
    drawn = [shelves._draw(item.slug) for item in items[:DRAWN]] if pictures else [[("", "", "0" * 64, {})]]
    products, variants, images = [], [], []
    for place in range(count):
        item, pics = items[place % len(items)], drawn[place % len(drawn)]
        texts = {}
        for name in ("title", "summary", "description", "function", "usage", "warranty", "validity"):
            pair = getattr(item, name)
            texts[name], texts[f"{name}_en"] = pair.zh, pair.en
        texts["title"] = f"{item.title.zh} {place}"
        product = Product(
            store=stores[item.store], category=categories[item.category], status=ProductStatus.LISTED,
            price_minor=item.price_minor, weight_g=item.weight_g, in_stock=True, sold=place * 7919 % 1000,
            listed_at=now - timedelta(minutes=place), cover=pics[0][3].get("card", ""), cover_alt=pics[0][0][:120],
            **texts,
        )  # fmt: skip
        product.search = index_text(product)
        products.append(product)
        variants += [
            Variant(
                product=product, name=each.name.zh, name_en=each.name.en, sku=f"{each.sku}-{place}",
                price_minor=each.price_minor, stock=STOCK, position=number,
            )
            for number, each in enumerate(item.variants)
        ]  # fmt: skip
        images += [
            ProductImage(product=product, alt=alt[:120], sha256=digest, position=number, **paths)
            for number, (alt, _, digest, paths) in enumerate(pics if pictures else [])
        ]
    Product.objects.bulk_create(products, batch_size=1000)
    Variant.objects.bulk_create(variants, batch_size=1000)
    ProductImage.objects.bulk_create(images, batch_size=1000)
    versions = [
        ProductVersion(product=row, version=1, promise=promise_of(row), author_id=row.store.owner_id, created_at=now)
        for row in Product.objects.select_related("store").prefetch_related("variants", "images")
    ]
    ProductVersion.objects.bulk_create(versions, batch_size=500)


def _world(users: dict[str, User], *, now: datetime) -> World:
    buyers = list(User.objects.filter(stores=None, is_mediator=False, is_superuser=False, addresses__is_default=True))
    rows = list(Variant.objects.select_related("product__store").filter(position=0).order_by("-product__sold")[:40])
    player = _deal(buyers[0], rows[0], now=now)
    goods = [(f"/p/{row.product_id}/", str(row.pk)) for row in rows]
    top = Category.objects.filter(parent=None).order_by("position", "id")[0]
    return World(
        category=f"/c/{top.slug}/",
        search=f"/search/?q={WORDS}",
        products=[page for page, _ in goods[:20]],
        goods=goods,
        order=f"/orders/{player.order.number}/",
        buyers=[session_of(user) for user in buyers],
        events=TrackingEvent.objects.filter(shipment__order_id=player.order_id).count(),
        transfers=Transfer.objects.filter(kind__in=DEAL, ref=Hold.objects.get(order_id=player.order_id).pk).count(),
    )


def _deal(buyer: User, variant: Variant, *, now: datetime) -> Player:
    """Bought, shipped, carried past ten scans and confirmed: three transfers."""
    player = Player(buyer, now - timedelta(days=6)).place(variant).pay().ship(photos=True).scan("picked_up")
    for _ in range(EVENTS - 3):
        player.scan("in_transit", after=4)
    player.scan("out_for_delivery").scan("delivered", signed="recipient").confirm(after=2)
    with answering_here():
        play([player.steps], until=now)
    return player


def session_of(user: User) -> str:
    """Sign somebody in without the entrance: its cost is another matter."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)
