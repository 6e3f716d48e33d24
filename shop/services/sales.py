"""How many pieces of a product were sold: noted with each deal that completes, added up a moment later."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from core.bulk import one_of
from shop.models import Product, Sale

NOTE = """
INSERT INTO shop_sale (product_id, pieces)
SELECT product_id, SUM(quantity) FROM shop_orderline WHERE order_id {among} GROUP BY product_id
"""
MOST = 10_000


def note_sold(order_ids: Sequence[UUID] | Sequence[str]) -> None:
    """
    Note completed orders' pieces as sold. Test orders count nowhere: the caller leaves them out.

    Locks nothing: whoever completes orders waits for nobody here.
    """
    among, ids = one_of(order_ids, kind="uuid")
    with connection.cursor() as cursor:
        cursor.execute(NOTE.format(among=among), [ids])


def add_up() -> int:
    """Add what was noted to the products; give how many notes. Two at the same time take different notes."""
    if not Sale.objects.exists():  # a look without a transaction: a tick that finds nothing takes no lock
        return 0
    with transaction.atomic():
        return _add_up()


def _add_up() -> int:
    sales = Sale.objects.order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        sales = sales.select_for_update(skip_locked=True)
    notes = list(sales.values_list("pk", "product_id", "pieces")[:MOST])
    sums: dict[UUID, int] = {}
    for _, product_id, pieces in notes:
        sums[product_id] = sums.get(product_id, 0) + pieces
    # Locked in the order of their ids, as everybody locks several products.
    list(Product.objects.select_for_update(no_key=True).filter(pk__among=list(sums)).order_by("pk").values_list("pk"))
    same: dict[int, list[UUID]] = {}
    for product_id, pieces in sums.items():
        same.setdefault(pieces, []).append(product_id)
    for pieces, product_ids in same.items():
        Product.objects.filter(pk__among=product_ids).update(sold=F("sold") + pieces)
    Sale.objects.filter(pk__among=[pk for pk, *_ in notes]).delete()
    return len(notes)
