"""
Stock: what may still be promised. Of codes it is counted from the pool of keys, never entered.

A checkout takes its pieces off at once, by an UPDATE that only succeeds while there are enough; cancelling gives them
back. Products are locked before variants, both in the order of their ids, so that no two checkouts wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from core.prepared import Blank, Change, PreparedIn
from shop.errors import OutOfStock, Shortage
from shop.models import CardKey, OrderLine, Product, Variant
from shop.states import KeyStatus, Kind, OrderStatus

PROMISED = (OrderStatus.PENDING, OrderStatus.PAID)  # code orders that have a claim on the pool and no key yet


@transaction.atomic
def reserve(*, wants: Mapping[UUID, int]) -> None:
    """
    Take pieces off the stock, all or none.

    :raises OutOfStock: naming each item of which there is too little, and what is left of it
    """
    products = _lock_products(wants)
    missing = [pk for pk in sorted(wants) if not _take(pk, wants[pk])]
    if missing:
        raise OutOfStock(_shortages(missing, wants))
    _note_sold_out(products)


@transaction.atomic
def give_back(*, order_id: UUID) -> None:
    """Return an order's pieces. Call it in the transaction that cancels or refunds the order: that happens once."""
    give_back_all(order_ids=[order_id])


@transaction.atomic
def give_back_all(*, order_ids: Collection[UUID]) -> None:
    """Return the pieces of several orders at once: one by one they would lock products in no order."""
    found = OrderLine.objects.filter(order_id__in=order_ids).values_list("variant_id")
    lines = dict(found.annotate(Sum("quantity")).order_by())
    products = _lock_products(lines)
    for variant_id in sorted(lines):
        Variant.objects.filter(pk=variant_id).update(stock=F("stock") + lines[variant_id])
    Product.objects.filter(_something_left(), pk__in=products, in_stock=False).update(in_stock=True)


def recount(*, variant_ids: Iterable[UUID]) -> None:
    """
    Count what may still be promised of codes: the keys for sale less those that orders wait for.

    One statement reads both numbers, so that a payment which turns the one into the other cannot come between.
    """
    ids = sorted(set(variant_ids))
    products = _lock_products(ids)
    free = CardKey.objects.filter(variant=OuterRef("pk"), status=KeyStatus.AVAILABLE).order_by()
    waiting = OrderLine.objects.filter(
        variant=OuterRef("pk"), order__store=OuterRef("product__store"), order__kind=Kind.CODE,
        order__status__in=PROMISED,
    ).order_by()  # fmt: skip
    rows = Variant.objects.filter(pk__in=ids).annotate(
        free=Coalesce(Subquery(free.values("variant").annotate(n=Count("*")).values("n")), 0),
        waiting=Coalesce(Subquery(waiting.values("variant").annotate(n=Sum("quantity")).values("n")), 0),
    )
    for pk, in_pool, promised in rows.order_by("pk").values_list("pk", "free", "waiting"):
        Variant.objects.filter(pk=pk).update(stock=max(0, in_pool - promised))
    refresh_in_stock(product_ids=products)


def lock_products_of(*, variant_ids: Iterable[UUID]) -> None:
    """Lock the products of some variants; whoever then locks keys cannot be in another's way."""
    _lock_products(variant_ids)


def refresh_in_stock(*, product_ids: Iterable[UUID]) -> None:
    """Bring the flag that lists filter by in line with the variants."""
    ids = list(product_ids)
    _note_sold_out(ids)
    Product.objects.filter(_something_left(), pk__in=ids, in_stock=False).update(in_stock=True)


def _take(variant_id: UUID, quantity: int) -> bool:
    """The guard against selling the last piece twice: the row itself decides, at any concurrency."""
    assert quantity > 0
    return bool(_TAKING.apply(pk=variant_id, quantity=quantity))


def _lock_products(variant_ids: Iterable[UUID]) -> list[UUID]:
    """Two checkouts that each take the last of another variant must see one another to notice that nothing is left."""
    return [pk for (pk,) in _LOCKING.all(list(variant_ids))]


_LOCKING = PreparedIn(
    lambda variants: (
        Product.objects.select_for_update(no_key=True)
        .filter(pk__in=Variant.objects.filter(pk__in=variants).values("product_id"))
        .order_by("pk")
        .values_list("pk")
    )
)


def _something_left() -> Exists:
    return Exists(Variant.objects.filter(product=OuterRef("pk"), is_active=True, stock__gt=0))


_TAKING = Change(
    lambda: (
        Variant.objects.filter(pk=Blank("pk"), stock__gte=Blank("quantity")),
        {"stock": F("stock") - Blank("quantity")},
    )
)
_SOLD_OUT = Change(
    lambda: (Product.objects.filter(~_something_left(), pk=Blank("pk"), in_stock=True), {"in_stock": False})
)


def _note_sold_out(product_ids: list[UUID]) -> None:
    for pk in product_ids:
        _SOLD_OUT.apply(pk=pk)


def _shortages(missing: list[UUID], wants: Mapping[UUID, int]) -> list[Shortage]:
    found = {row.pk: row for row in Variant.objects.select_related("product").filter(pk__in=missing)}
    shortages = []
    for pk in missing:
        row = found.get(pk)
        title = " ".join(part for part in (row.product.display_title, row.display_name) if part) if row else str(pk)
        shortages.append(Shortage(variant_id=pk, title=title, wanted=wants[pk], left=row.stock if row else 0))
    return shortages
