"""A store's own products, for its back office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet, Sum

from shop.errors import NoSuchProduct
from shop.models import OrderLine, Product, ProductVersion, Variant
from shop.search import read_query
from shop.states import ProductStatus

PER_PAGE = 30
SOLD_OUT = "sold_out"
LATELY_DAYS = 30
PAID_WITHIN = timedelta(days=2)  # far longer than a payment stays open
TABS = (ProductStatus.LISTED, SOLD_OUT, ProductStatus.DRAFT, ProductStatus.UNLISTED, ProductStatus.DELETED)


def store_products(*, store_id: UUID, tab: str, text: str = "") -> QuerySet[Product]:
    """One tab of a store's products, the newest first, with variants; ``text``: words, or part of an item number."""
    rows = Product.objects.filter(_in_tab(tab), store_id=store_id).defer("search", "description", "description_en")
    if text.strip():
        query = read_query(text)
        number = Q(variants__sku__icontains=text.strip()[:40])
        found = (Q(search__words=query.terms) if query else Q()) | Q(title__icontains=text.strip()[:80]) | number
        rows = rows.filter(pk__in=Product.objects.filter(found, store_id=store_id).values("pk"))
    variants = Prefetch("variants", queryset=Variant.objects.order_by("position", "id"))
    return rows.prefetch_related(variants).order_by("-created_at", "-id")


def tab_counts(*, store_id: UUID) -> dict[str, int]:
    """How many products stand in each tab. One query."""
    counts = {str(tab): Count("id", filter=_in_tab(tab)) for tab in TABS}
    return Product.objects.filter(store_id=store_id).aggregate(**counts)


def sold_lately(*, store_id: UUID, product_ids: Sequence[UUID], now: datetime) -> dict[UUID, int]:
    """Pieces of each of a store's products paid for in the last 30 days, found through its newest orders. One query."""
    since = now - timedelta(days=LATELY_DAYS)
    rows = OrderLine.objects.filter(product_id__in=product_ids, order__paid_at__gte=since)
    rows = rows.filter(order__store_id=store_id, order__placed_at__gte=since - PAID_WITHIN)
    return dict(rows.values_list("product_id").annotate(Sum("quantity")).order_by())


def product_for_editor(*, store_id: UUID, pk: UUID) -> Product:
    """
    A store's product with all that belongs to it.

    :raises NoSuchProduct: if the store has none such
    """
    variants = Prefetch("variants", queryset=Variant.objects.order_by("position", "id"))
    rows = Product.objects.select_related("store", "category").prefetch_related(variants, "images")
    found = rows.filter(pk=pk, store_id=store_id).first()
    if found is None:
        raise NoSuchProduct
    return found


def versions_of(*, product_id: UUID, count: int = 10) -> list[ProductVersion]:
    """The newest versions of a listing."""
    return list(ProductVersion.objects.filter(product_id=product_id).order_by("-version")[:count])


def _in_tab(tab: str) -> Q:
    if tab == SOLD_OUT:
        return Q(status=ProductStatus.LISTED, in_stock=False)
    if tab == ProductStatus.UNLISTED:
        return Q(status__in=(ProductStatus.UNLISTED, ProductStatus.STOPPED))
    return Q(status=tab)
