"""What shoppers see: lists of products by wish, the category tree, one product."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.urls import reverse

from core.money import SIGNS, Money
from core.prepared import Blank, Prepared
from shop.models import Category, Coupon, Product, Store
from shop.models.stores import in_language, picture_words
from shop.search import SearchQuery, read_query, relevance
from shop.states import CouponStatus, ProductStatus

PER_PAGE = 24
COUNTED = 1000  # counting stops here: nobody turns that many pages, and more words find faster
WEIGHED = 10 * PER_PAGE  # where more than those are found, this many of the best selling are ordered by relevance
ORDERS: Mapping[str, tuple[str, ...]] = {
    "relevance": ("-sold", "-id"),
    "sold": ("-sold", "-id"),
    "new": ("-listed_at", "-id"),
    "price": ("price_minor", "id"),
    "price-down": ("-price_minor", "-id"),
}
CARD_COLUMNS = (
    "id", "title", "title_en", "price_minor", "currency", "cover", "cover_alt", "sold", "in_stock", "store__name",
    "store__name_en", "store__region", "store__region_en", "store__shipping_minor", "store__free_shipping_from_minor",
)  # fmt: skip


_SHOWN_COUPONS = Coupon.objects.filter(store=OuterRef("store"), status=CouponStatus.RUNNING, is_public=True)
_FOR_PAGE = Prepared(
    lambda: (
        Product.objects.select_related("store", "category__parent")
        .defer("search")
        .filter(pk=Blank("pk"))
        .annotate(has_coupons=Exists(_SHOWN_COUPONS))
    )
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a shopper asks a list for."""

    query: SearchQuery = field(default_factory=SearchQuery)
    category_ids: tuple[int, ...] = ()
    store_id: UUID | None = None
    low_minor: int | None = None
    high_minor: int | None = None
    free_shipping: bool = False
    sort: str = "relevance"


@dataclass(frozen=True, slots=True)
class Card:
    """One product in a list, ready to print."""

    url: str
    title: str
    sign: str
    whole: str
    part: str
    price: str
    image: str
    alt: str
    store: str
    sold: str
    region: str
    free_shipping: bool
    in_stock: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category as lists need it; every list reads all of them, and rows cost a fifth of model instances."""

    pk: int
    slug: str
    name: str
    name_en: str
    parent: Shelf | None = None

    @property
    def display_name(self) -> str:
        return in_language(self.name, self.name_en)


@dataclass(frozen=True, slots=True)
class Branch:
    """A top category and what is under it."""

    category: Shelf
    children: tuple[Shelf, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        return (self.category.pk, *(child.pk for child in self.children))


class CountedPages(Paginator):  # type: ignore[type-arg]
    """Page numbers for a list that was counted elsewhere, and perhaps not to its end."""

    def __init__(self, *, count: int) -> None:
        super().__init__([], PER_PAGE)
        self.is_capped = count > COUNTED
        self.count = min(count, COUNTED)


def on_sale() -> QuerySet[Product]:
    """Everything that can be seen in lists. Shut stores are few: leaving theirs out beats looking up each store."""
    shut = Store.objects.filter(Q(is_open=False) | Q(may_sell=False)).order_by().values("pk")
    return Product.objects.filter(~Q(store_id__in=shut), status=ProductStatus.LISTED)


def filtered(wish: Wish) -> QuerySet[Product]:
    """Products that fulfil a wish, in no order."""
    rows = on_sale()
    if wish.query:
        rows = rows.filter(search__words=wish.query.terms)
    if wish.category_ids:
        rows = rows.filter(category_id__in=wish.category_ids)
    if wish.store_id:
        rows = rows.filter(store_id=wish.store_id)
    if wish.low_minor is not None:
        rows = rows.filter(price_minor__gte=wish.low_minor)
    if wish.high_minor is not None:
        rows = rows.filter(price_minor__lte=wish.high_minor)
    if wish.free_shipping:
        rows = rows.filter(Q(store__shipping_minor=0) | Q(price_minor__gte=F("store__free_shipping_from_minor")))
    return rows


def matching(wish: Wish, *, weighed: int | None = COUNTED) -> QuerySet[Product]:
    """
    Products that fulfil a wish, in its order to the last tie.

    A word that half the shop has would mean weighing half the shop for relevance: only the ``weighed`` best selling go
    to the scales, and the others are left out; None weighs all.
    """
    rows = filtered(wish)
    if wish.query and wish.sort == "relevance":
        if weighed is not None:
            rows = Product.objects.filter(pk__in=rows.order_by(*ORDERS["sold"]).values("pk")[:weighed])
        return rows.annotate(score=relevance(wish.query)).order_by("-score", "-in_stock", "-sold", "-id")
    return rows.order_by(*ORDERS.get(wish.sort, ORDERS["relevance"]))


def cards(rows: QuerySet[Product]) -> list[Card]:
    """The rows as cards. One query, no model instances: this is the hottest list of the shop."""
    return [_card(row) for row in rows.values(*CARD_COLUMNS)]


def page_of(wish: Wish, *, number: int) -> Page[Card]:
    """One page of what fulfils a wish; a number past the end gives the last page. One query, for words two."""
    can_be_there = 1 <= number <= -(-COUNTED // PER_PAGE)
    if not wish.query and can_be_there and (page := _counted_page(wish, number)):
        return page
    count = _count(filtered(wish))
    pages = CountedPages(count=count)
    number = max(1, min(number, pages.num_pages))
    end = number * PER_PAGE
    if count > COUNTED and end > WEIGHED and wish.sort == "relevance":
        wish = replace(wish, sort="sold")  # the pages behind those that were weighed
    rows = matching(wish, weighed=WEIGHED if count > COUNTED else None)
    found = cards(rows[end - PER_PAGE : end]) if count else []
    return Page(found, number, pages)


def _counted_page(wish: Wish, number: int) -> Page[Card] | None:
    """A page that comes with the count of all, in one query; None if there is nothing on it."""
    sql, params = _counting(filtered(wish))
    rows = matching(wish).annotate(found=RawSQL(sql, params))  # noqa: S611  built by the ORM
    end = number * PER_PAGE
    found = list(rows.values(*CARD_COLUMNS, "found")[end - PER_PAGE : end])
    return Page([_card(row) for row in found], number, CountedPages(count=found[0]["found"])) if found else None


def newest(*, count: int) -> list[Card]:
    return _first("new", count)


def most_sold(*, count: int) -> list[Card]:
    return _first("sold", count)


def _first(sort: str, count: int) -> list[Card]:
    return [_card(dict(zip(CARD_COLUMNS, row, strict=True))) for row in _top(sort, count).all()]


@lru_cache(maxsize=8)
def _top(sort: str, count: int) -> Prepared[tuple[Any, ...]]:
    """What every visitor sees first, so nothing about it is built twice."""
    return Prepared(lambda: on_sale().filter(in_stock=True).order_by(*ORDERS[sort]).values_list(*CARD_COLUMNS)[:count])


_CATEGORIES: Prepared[tuple[Any, ...]] = Prepared(
    lambda: Category.objects.order_by("position", "id").values_list("pk", "slug", "name", "name_en", "parent_id")
)


TREE_SECONDS = 5.0  # as long as a new category may take to be seen; every list shows all, and they hardly change
_tree: tuple[float, list[Branch]] = (float("-inf"), [])


def category_tree() -> list[Branch]:
    """All categories, two levels, in their order. One query every few seconds."""
    global _tree
    read_at, tree = _tree
    if time.monotonic() - read_at >= TREE_SECONDS:
        tree = _read_tree()
        _tree = (time.monotonic(), tree)
    return tree


def _read_tree() -> list[Branch]:
    rows = _CATEGORIES.all()
    tops = {pk: Shelf(pk, slug, name, name_en) for pk, slug, name, name_en, parent in rows if parent is None}
    children: dict[int, list[Shelf]] = {pk: [] for pk in tops}
    for pk, slug, name, name_en, parent in rows:
        if parent in tops:
            children[parent].append(Shelf(pk, slug, name, name_en, tops[parent]))
    return [Branch(top, tuple(children[pk])) for pk, top in tops.items()]


def branch_of(tree: Sequence[Branch], *, slug: str) -> tuple[Branch, Shelf] | None:
    """The branch in which a category stands, and the category itself."""
    for branch in tree:
        for category in (branch.category, *branch.children):
            if category.slug == slug:
                return branch, category
    return None


def shorter_queries(text: str) -> list[str]:
    """Up to three parts of a query that would have found something."""
    runs = list(read_query(text).runs)
    if len(runs) == 1 and not runs[0].isascii() and len(runs[0]) > 2:
        runs = [runs[0][:2], runs[0][-2:]]
    elif len(runs) == 1:
        return []
    return [run for run in dict.fromkeys(runs[:3]) if on_sale().filter(search__words=read_query(run).terms).exists()]


def nearby_categories(text: str, *, tree: Sequence[Branch]) -> list[Shelf]:
    """Categories whose name shares a word with a query, else the top ones."""
    forms = {form for term in read_query(text).terms for form in term.forms if len(form) > 1}
    every = [category for branch in tree for category in (branch.category, *branch.children)]
    near = [c for c in every if any(form in f"{c.name} {c.name_en}".casefold() for form in forms)]
    return near[:8] or [branch.category for branch in tree][:8]


def product_for_page(*, pk: UUID) -> Product | None:
    """A product with store and category, whatever its state; ``has_coupons``: its store shows some. One query."""
    return _FOR_PAGE.first(pk=pk)


def media_url(name: str | None) -> str:
    """Address of a stored public picture."""
    return f"{settings.MEDIA_URL}{name}" if name else ""


def _count(rows: QuerySet[Product]) -> int:
    """How many, counted no further than needed. ``count()`` says the same and takes twice the time to build it."""
    sql, params = _counting(rows)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.fetchone()[0])


def _counting(rows: QuerySet[Product]) -> tuple[str, tuple[Any, ...]]:
    sql, params = rows.order_by().values("pk")[: COUNTED + 1].query.sql_with_params()
    return f"SELECT COUNT(*) FROM ({sql}) AS counted", tuple(params)  # noqa: S608  built by the ORM


@lru_cache(maxsize=1)
def _product_path() -> str:
    """The address of a product with a gap for its id: reversing anew for each row of a list is a third of its cost."""
    blank = UUID(int=0)
    return reverse("shop:product", args=[blank]).replace(str(blank), "%s")


def _card(row: Mapping[str, Any]) -> Card:
    sign = SIGNS.get(row["currency"], f"{row['currency']} ")
    price = str(Money(row["price_minor"], row["currency"]))
    whole, point, part = price.removeprefix(sign).partition(".")
    free_from = row["store__free_shipping_from_minor"]
    return Card(
        url=_product_path() % row["id"],
        title=in_language(row["title"], row["title_en"]),
        sign=sign,
        whole=whole,
        part=f"{point}{part}",
        price=price,
        image=media_url(row["cover"]),
        alt=picture_words(row["cover_alt"], row["title_en"]),
        store=in_language(row["store__name"], row["store__name_en"]),
        sold=f"{row['sold']:,}" if row["sold"] else "",
        region=in_language(row["store__region"], row["store__region_en"]),
        free_shipping=not row["store__shipping_minor"] or (free_from is not None and row["price_minor"] >= free_from),
        in_stock=row["in_stock"],
    )
