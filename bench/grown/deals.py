"""Deals by the hundred thousand: orders with their parcels, their money in a ledger that balances, and their traces."""

from __future__ import annotations

from bench.grown.sql import clone, next_id, run
from core import clock
from core.models import AuditEntry, Deadline, Delivery, OutboxEvent
from escrow import ledger
from escrow.models import Hold, Payout, Receipt
from logistics.models import TrackingEvent
from shop.models import Order

SCANS, ENTRIES, EVENTS = 3, 4, 2  # of each old deal; the one that is looked at has all of its own
HOLDS = 10_000  # numbers above those the played deal has taken
OPEN = "('paid', 'shipped', 'delivered')"
PAID = "m.status NOT IN ('pending', 'cancelled')"


def write_deals(count: int, first: Order, *, his_orders: int, full: int) -> None:
    """Copy a finished deal; tell the database which of its accounts are which."""
    _choose(count, first, his_orders=his_orders, full=full)
    _orders(first)
    _parcels(first)
    _money(first)
    _traces(first)


def _choose(count: int, first: Order, *, his_orders: int, full: int) -> None:
    """Who bought what where, when, and how far it has come: the oldest first."""
    run(
        """CREATE TEMP TABLE m_goods AS SELECT s.n AS store, s.id AS store_id, s.account, p.id AS product,
        p.title, p.title_en, v.id AS variant, v.price_minor AS price,
        ROW_NUMBER() OVER (PARTITION BY s.n ORDER BY p.id) - 1 AS k, COUNT(*) OVER (PARTITION BY s.n) AS many
        FROM shop_product p JOIN m_store s ON s.id = p.store_id JOIN shop_variant v ON v.product_id = p.id
        WHERE v.position = 0; CREATE INDEX ON m_goods (store, k); ANALYZE m_goods"""
    )
    run("SELECT setseed(0.42)")
    run(
        f"""CREATE TEMP TABLE m_drawn AS SELECT i, random() AS luck,
        CASE WHEN i % 100 = 7 THEN 0 ELSE 1 + floor(power(random(), 1.5) * ((SELECT COUNT(*) FROM m_store) - 1)) END
        AS store, 1 + floor(power(random(), 1.5) * (SELECT COUNT(*) FROM m_user)) AS buyer,
        timestamptz '{clock.now().isoformat()}' - interval '365 days' * ({count} - i) / {count} - interval '1 hour'
        AS placed FROM generate_series(1, {count}) i; ANALYZE m_drawn"""
    )
    run(
        f"""CREATE TEMP TABLE m_order AS SELECT d.i, md5('order' || d.i)::uuid AS id,
        md5('pay' || d.i)::uuid AS payment, md5('parcel' || d.i)::uuid AS parcel,
        {HOLDS} + d.i AS hold, d.placed, d.store, g.store_id, g.account,
        g.product, g.variant, g.title, g.title_en, g.price, g.price * {first.fee_bps} / 10000 AS fee,
        CASE WHEN d.i % {count // his_orders} = 0 THEN '{first.buyer_id}'::uuid ELSE u.id END AS buyer,
        CASE WHEN d.i > {count} * 0.998 THEN 'pending' WHEN d.i > {count} * 0.985 THEN 'paid'
        WHEN d.i > {count} * 0.965 THEN 'shipped'
        WHEN d.i > {count} * 0.94 OR (d.store = 0 AND d.i > {count - 100 * full}) THEN 'delivered'
        WHEN d.i % 47 = 1 THEN 'refunded' WHEN d.i % 53 = 1 THEN 'cancelled' ELSE 'completed' END AS status
        FROM m_drawn d JOIN m_user u ON u.n = d.buyer
        JOIN LATERAL (SELECT many FROM m_goods WHERE store = d.store AND k = 0) c ON true
        JOIN m_goods g ON g.store = d.store AND g.k = floor(d.luck * c.many) ORDER BY d.i; ANALYZE m_order"""
    )


def _orders(first: Order) -> None:
    price = {"items_minor": "m.price", "shipping_minor": "0", "total_minor": "m.price"}
    closed = "m.status IN ('completed', 'refunded', 'cancelled')"
    clone(
        "escrow_payment", rows="m_order m", template=f"id = '{first.payment_id}'", id="m.payment", buyer_id="m.buyer",
        reference="'SB' || m.i", amount_minor="m.price", created_at="m.placed", paid_at=_when(PAID, "1 minute"),
        expires_at="m.placed + interval '30 minutes'",
        status="CASE m.status WHEN 'pending' THEN 'open' WHEN 'cancelled' THEN 'closed' ELSE 'paid' END",
    )  # fmt: skip
    clone(
        "shop_order", rows="m_order m", template=f"id = '{first.pk}'", id="m.id", buyer_id="m.buyer",
        number="to_char(m.placed, 'YYMMDD') || lpad(m.i::text, 8, '0')", store_id="m.store_id",
        payment_id="m.payment", status="m.status", placed_at="m.placed", paid_at=_when(PAID, "1 minute"),
        shipped_at=_when(_shipped(), "9 hours"), delivered_at=_when(_delivered(), "3 days"),
        closed_at=_when(closed, "5 days"), **price,
    )  # fmt: skip
    clone(
        "shop_orderline", rows="m_order m", template=f"order_id = '{first.pk}'", id="md5('line' || m.i)::uuid",
        order_id="m.id", product_id="m.product", variant_id="m.variant", title="m.title", title_en="m.title_en",
        unit_minor="m.price", total_minor="m.price", quantity="1",
    )  # fmt: skip


def _parcels(first: Order) -> None:
    parcel = first.shipments.get()
    clone(
        "logistics_shipment", rows=f"(SELECT * FROM m_order m WHERE {_shipped()}) m", template=f"id = '{parcel.pk}'",
        id="m.parcel", order_id="m.id", store_id="m.store_id", number="'TS' || m.i",
        created_at=_when("true", "9 hours"), status="CASE m.status WHEN 'shipped' THEN 'in_transit' ELSE t.status END",
        first_scan_at=_when("true", "12 hours"),
        last_scan_at=_when("true", "3 days"), delivered_at=_when(_delivered(), "3 days"),
    )  # fmt: skip
    scans = TrackingEvent.objects.filter(shipment=parcel).order_by("pk").values_list("pk", flat=True)[:SCANS]
    clone(
        "logistics_trackingevent", rows=f"(SELECT * FROM m_order m WHERE {_shipped()}) m", template=_one_of(scans),
        id=next_id("logistics_trackingevent"), shipment_id="m.parcel", at=_when("true", "1 day"),
        received_at=_when("true", "1 day"),
    )  # fmt: skip


def _money(first: Order) -> None:
    hold = Hold.objects.get(order=first)
    released, paid = "m.status = 'completed'", f"(SELECT * FROM m_order m WHERE {PAID}) m"
    clone(
        "escrow_receipt", rows=paid, template=f"id = {Receipt.objects.get(payment=first.payment).pk}",
        id=f"{HOLDS} + m.i", payment_id="m.payment", gateway_ref="'M' || m.i", amount_minor="m.price",
        received_at=_when("true", "1 minute"), settled_at=_when("true", "1 minute"),
    )  # fmt: skip
    clone(
        "escrow_hold", rows=paid, template=f"id = {hold.pk}", id="m.hold", order_id="m.id", payment_id="m.payment",
        store_id="m.store_id", merchant_id="m.account", amount_minor="m.price",
        status=f"CASE WHEN m.status IN {OPEN} THEN 'held' WHEN {released} THEN 'released' ELSE 'refunded' END",
        released_minor=f"CASE WHEN {released} THEN m.price ELSE 0 END",
        refunded_minor="CASE m.status WHEN 'refunded' THEN m.price ELSE 0 END",
        fee_taken_minor=f"CASE WHEN {released} THEN m.fee ELSE 0 END", opened_at=_when("true", "1 minute"),
        warned_at=_when(released, "3 days"), closed_at=_when(f"m.status NOT IN {OPEN}", "5 days"),
    )  # fmt: skip
    run(
        """INSERT INTO escrow_refund (id, payment_id, hold_id, gateway, status, amount_minor, currency, reason,
        gateway_ref, attempt, failure, created_at, done_at) SELECT m.hold, m.payment, m.hold, 'sandbox', 'done',
        m.price, 'CNY', 'merchant cannot ship', 'R' || m.i, 1, '',
        m.placed + interval '5 days', m.placed + interval '5 days'
        FROM m_order m WHERE m.status = 'refunded'"""
    )
    played = max(Payout.objects.values_list("pk", flat=True), default=0)
    run(
        """INSERT INTO escrow_payout (store_id, merchant_id, destination_id, gateway, status, amount_minor, currency,
        gateway_ref, failure, created_at, paid_at)
        SELECT m.store_id, m.account, a.id, 'sandbox', 'paid', SUM(m.price - m.fee), 'CNY',
        'P' || m.store || '-' || d.day,
        '', d.day + interval '30 hours', d.day + interval '31 hours'
        FROM m_order m CROSS JOIN LATERAL (SELECT date_trunc('day', m.placed + interval '5 days') AS day) d
        JOIN escrow_payoutaccount a ON a.store_id = m.store_id AND a.is_active
        WHERE m.status = 'completed' AND m.i % 50 > 0
        GROUP BY m.store_id, m.store, m.account, a.id, d.day ORDER BY d.day"""
    )
    _post(f"escrow_payout p WHERE p.id > {played}")


def _post(payouts: str) -> None:
    """All transfers by time, and the balances they make."""
    names = {"provider": "provider:sandbox:CNY", "escrow": "escrow:CNY", "fees": "fees:CNY",
             "back": "refund_in_flight:sandbox:CNY", "out": "payout_in_flight:sandbox:CNY"}  # fmt: skip
    at = {name: ledger.account(key).pk for name, key in names.items()}
    paid, done = "m.placed + interval '1 minute'", "m.placed + interval '5 days'"
    moves = [
        (1, "m.hold", at["provider"], at["escrow"], "m.price", paid, f"m_order m WHERE {PAID}"),
        (2, "m.hold", at["escrow"], "m.account", "m.price - m.fee", done, "m_order m WHERE m.status = 'completed'"),
        (3, "m.hold", at["escrow"], at["fees"], "m.fee", done, "m_order m WHERE m.status = 'completed' AND m.fee > 0"),
        (4, "m.hold", at["escrow"], at["back"], "m.price", done, "m_order m WHERE m.status = 'refunded'"),
        (5, "m.hold", at["back"], at["provider"], "m.price", done, "m_order m WHERE m.status = 'refunded'"),
        (6, "p.id", "p.merchant_id", at["out"], "p.amount_minor", "p.created_at", payouts),
        (7, "p.id", at["out"], at["provider"], "p.amount_minor", "p.paid_at", payouts),
    ]
    parts = [
        f"SELECT {kind} AS kind, {ref} AS ref, {debit} AS debit, {credit} AS credit, {amount} AS amount, {when} AS at "
        f"FROM {rows}"
        for kind, ref, debit, credit, amount, when, rows in moves
    ]
    run(
        "INSERT INTO escrow_transfer (kind, ref, leg, debit_id, credit_id, currency, amount, at) "
        f"SELECT kind, ref, 0, debit, credit, 'CNY', amount, at FROM ({' UNION ALL '.join(parts)}) x ORDER BY at, ref"
    )
    run(
        """UPDATE escrow_account a SET balance = s.sum FROM (SELECT account, SUM(amount) AS sum FROM (
        SELECT credit_id AS account, amount FROM escrow_transfer UNION ALL SELECT debit_id, -amount FROM escrow_transfer
        ) x GROUP BY account) s WHERE s.account = a.id AND a.floor IS NOT NULL"""
    )


def _traces(first: Order) -> None:
    """Audit, events and what they owed, deadlines, site messages."""
    entries = AuditEntry.objects.filter(order_id=first.pk).order_by("pk").values_list("pk", flat=True)[:ENTRIES]
    clone("core_auditentry", rows="m_order m", template=_one_of(entries), id=next_id("core_auditentry"),
          subject="m.id::text", order_id="m.id", user_id="m.buyer", at="m.placed")  # fmt: skip
    events = list(OutboxEvent.objects.order_by("pk").values_list("pk", flat=True)[:EVENTS])
    owed = Delivery.objects.order_by("pk").values_list("pk", flat=True)[:1]
    for place, event in enumerate(events):
        number = f"{HOLDS} + m.i * {EVENTS} + {place}"
        clone("core_outboxevent", rows="m_order m", template=_one_of([event]), id=number, at="m.placed")
        clone("core_delivery", rows="m_order m", template=_one_of(owed), id=number, event_id=number,
              due_at="m.placed", done_at="m.placed")  # fmt: skip
    clock_row = _one_of(Deadline.objects.filter(done_at__isnull=False).order_by("pk").values_list("pk", flat=True)[:1])
    clone("core_deadline", rows=f"(SELECT * FROM m_order m WHERE {PAID}) m", template=clock_row,
          id=next_id("core_deadline"), kind="'order.never_shipped'", subject="m.id::text", due_at="m.placed",
          done_at="m.placed")  # fmt: skip
    clone("core_deadline", rows=f"(SELECT * FROM m_order m WHERE m.status IN {OPEN}) m", template=clock_row,
          id=next_id("core_deadline"), subject="m.id::text", due_at="m.placed + interval '400 days'", done_at="NULL",
          kind="CASE m.status WHEN 'delivered' THEN 'escrow.release' ELSE 'order.ship_by' END")  # fmt: skip
    clone("accounts_notice", rows="m_order m", template="id = (SELECT id FROM accounts_notice ORDER BY id LIMIT 1)",
          id="md5('notice' || m.i)::uuid", user_id="m.buyer", key="'deal:' || m.i", created_at="m.placed",
          read_at="m.placed")  # fmt: skip


def _when(condition: str, later: str) -> str:
    return f"CASE WHEN {condition} THEN LEAST(m.placed + interval '{later}', now()) END"


def _shipped() -> str:
    return "m.status IN ('shipped', 'delivered', 'completed')"


def _delivered() -> str:
    return "m.status IN ('delivered', 'completed')"


def _one_of(numbers) -> str:
    return f"id IN ({', '.join(map(str, numbers))})"
