"""
Many products, people and deals, each a copy of what the flows have left of one real deal.

Spread as in a shop of that size: orders over a year, the older the more of them done; buyers with twenty orders each;
a store for every fifty products, some selling much more than others. One buyer has 25 orders and one store a hundredth
of all orders, whatever the size.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from accounts.models import User
from bench.grown.deals import write_deals
from bench.grown.sql import bulk, clone, copy_of, run
from bench.world import World, session_of
from escrow.models import Hold, Transfer
from shop.models import Order, Store

HIS_ORDERS = 25
FULL = 50  # of the measured store's orders at least so many are open and closed: its pages are full in every world


@dataclass(frozen=True, slots=True)
class Visits:
    """Where the visitors go."""

    pages: dict[str, list[str]]
    buyer: str  # session keys
    merchant: str
    rows: int  # of all tables


def grow(world: World, *, products: int, orders: int, base: int) -> Visits:
    """Make the world as large as asked for."""
    first = Order.objects.select_related("store__owner", "buyer").get(number=world.order.split("/")[2])
    with bulk():
        _people(max(100, orders // 20))
        _stores(max(40, products // 50), first.store)
        _products(products - base, base=base)
        write_deals(orders, first, his_orders=HIS_ORDERS, full=FULL)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE, FREEZE)")
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT SUM(n_live_tup) FROM pg_stat_user_tables")
        rows = int(cursor.fetchone()[0])
    return _visits(world, first, rows=rows)


def _people(count: int) -> None:
    run(f"CREATE TEMP TABLE m_user AS SELECT n, md5('user' || n)::uuid AS id FROM generate_series(1, {count}) n")
    pattern = "id = (SELECT user_id FROM accounts_address WHERE is_default ORDER BY id LIMIT 1)"
    clone("accounts_user", rows="m_user m", template=pattern, id="m.id", email="'b' || m.n || '@example.com'",
          phone="NULL", phone_verified="false", name="'Buyer ' || m.n")  # fmt: skip
    pattern = "id = (SELECT id FROM accounts_address WHERE is_default ORDER BY id LIMIT 1)"
    clone("accounts_address", rows="m_user m", template=pattern, id="md5('address' || m.n)::uuid", user_id="m.id")


def _stores(count: int, measured: Store) -> None:
    """Number 0 is the measured one; the demo's other stores are among the rest."""
    more = count - Store.objects.count()
    run(f"CREATE TEMP TABLE m_new AS SELECT n, md5('store' || n)::uuid AS id FROM generate_series(1, {more}) n")
    clone("shop_store", rows="m_new m JOIN m_user u ON u.n = m.n", template=f"id = '{measured.pk}'", id="m.id",
          slug="'store-' || m.n", name="'Store ' || m.n", name_en="'Store ' || m.n", owner_id="u.id")  # fmt: skip
    clone("escrow_account", rows="m_new m", template=f"key = 'merchant:{measured.pk}:CNY'",
          id="1000 + m.n", key="'merchant:' || m.id || ':CNY'", owner_id="m.id", balance="0")  # fmt: skip
    clone("escrow_payoutaccount", rows="m_new m", template=f"store_id = '{measured.pk}'",
          id="md5('payout' || m.n)::uuid", store_id="m.id")  # fmt: skip
    clone("logistics_storecarrier", rows="m_new m", template=f"store_id = '{measured.pk}'",
          id="1000 + m.n * 10 + t.id % 10", store_id="m.id")  # fmt: skip
    run(
        f"""CREATE TEMP TABLE m_store AS SELECT ROW_NUMBER() OVER (ORDER BY s.id <> '{measured.pk}', s.slug) - 1 AS n,
        s.id, a.id AS account FROM shop_store s JOIN escrow_account a ON a.key = 'merchant:' || s.id || ':CNY'"""
    )
    run("ANALYZE m_user, m_store")


def _products(count: int, *, base: int) -> None:
    """The first ones again and again under other names and prices; every store gets its share, the first ones too."""
    run("CREATE TEMP TABLE m_from AS SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM shop_product")
    stores = "(SELECT COUNT(*) FROM m_store)"
    run(
        f"""CREATE TEMP TABLE m_product AS SELECT g.n, md5('product' || g.n)::uuid AS id, f.id AS source, s.id AS store
        FROM generate_series({base + 1}, {base + count}) g(n)
        JOIN m_from f ON f.n = g.n % {base} + 1 JOIN m_store s ON s.n = g.n % {stores}"""
    )
    run(f"UPDATE shop_product p SET store_id = s.id FROM m_from f JOIN m_store s ON s.n = f.n % {stores} "
        "WHERE f.id = p.id")  # fmt: skip
    run("ANALYZE m_product")
    source = "JOIN shop_product t ON t.id = m.source"
    copy_of("shop_product", rows=f"m_product m {source}", id="m.id", store_id="m.store", title="t.title || m.n",
          search="t.search || ' ' || m.n", price_minor="t.price_minor + m.n % 97",
          sold="(m.n * 7919) % 1000", listed_at="t.listed_at - m.n * interval '1 minute'")  # fmt: skip
    child = "JOIN {} t ON t.product_id = m.source"
    for table in ("shop_variant", "shop_productimage"):
        copy_of(table, rows=f"m_product m {child.format(table)}", id="md5(t.id::text || m.n)::uuid", product_id="m.id")
    copy_of("shop_productversion", rows=f"m_product m {child.format('shop_productversion')}",
          id="1000000 + m.n", product_id="m.id")  # fmt: skip


def _visits(world: World, first: Order, *, rows: int) -> Visits:
    owner: User = first.store.owner
    hold = Hold.objects.get(order=first)
    assert Transfer.objects.filter(ref=hold.pk, kind__lte=3).count() == 3
    paid = Order.objects.filter(store=first.store, status="delivered").order_by("-placed_at").values_list("number")[0]
    pages = {
        "home": ["/"],
        "category": [world.category],
        "category, page 5": [f"{world.category}?page=5"],
        "search, a thirtieth of all": [world.search],
        "product": world.products,
        "store": [f"/s/{first.store.slug}/"],
        "buyer: orders": ["/orders/"],
        "buyer: order": [world.order],
        "buyer: running account": [f"{world.order}money/"],
        "merchant: home": ["/merchant/"],
        "merchant: orders": ["/merchant/orders/"],
        "merchant: closed orders": ["/merchant/orders/?view=done"],
        "merchant: order": [f"/merchant/orders/{paid[0]}/"],
        "merchant: products": ["/merchant/products/"],
        "merchant: money": ["/merchant/money/"],
    }
    return Visits(pages=pages, buyer=world.buyers[0], merchant=session_of(owner), rows=rows)
