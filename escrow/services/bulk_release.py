"""
Release by the clock, set-wise: a thousand holds in one statement on PostgreSQL, in a few on SQLite.

The merchants' balances come last, one UPDATE for each account: many batches want the same few rows, so each has them
only for the moment before it commits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from core.actor import SYSTEM
from core.bulk import array, ids
from core.models import AuditEntry
from core.money import share
from escrow import ledger
from escrow.errors import HoldMoved
from escrow.ledger import Entry
from escrow.models import Account, Hold, TransferKind
from escrow.services.moves import closed_as, next_leg
from escrow.states import HoldStatus

Id = TypeVar("Id", bound=UUID | str)  # orders are named as the caller likes, and given back as he named them
REASON = "inspection time over"


@dataclass(frozen=True, slots=True)
class Row:
    """One hold that was released."""

    hold_id: int
    order_id: UUID
    currency: str
    net: int
    fee: int
    target: str


def release_many(
    *,
    order_ids: Collection[Id],
    now: datetime,
    warned_before: datetime | Mapping[Id, datetime],
    then: Callable[[list[Id]], None] = lambda order_ids: None,
) -> set[Id]:
    """
    Release the holds of these orders that are held and whose buyers were warned in time; give the orders released.

    ``warned_before`` is by when the buyers must have been told: one moment, or each order's own. ``then`` is what the
    caller has to do with the orders that were released, in the same transaction and before the balances are locked.

    Holds that somebody else is working on are left out on PostgreSQL: their deadline brings them back.
    """
    if not order_ids:
        return set()
    wanted = list(order_ids)
    warned = [warned_before if isinstance(warned_before, datetime) else warned_before[pk] for pk in wanted]
    body = _release_postgres if connection.vendor == "postgresql" else _release_sqlite
    with transaction.atomic():
        return set(body(wanted, warned, now, then))


# MATERIALIZED: the locking sub-select runs once. `calc` needs both accounts, so that a hold without them stays held.
# A hold that was released in part before gives its next leg; should such a step commit between this statement's
# snapshot and its lock, the unique key refuses the batch, and its rows come back one by one.
# The fee is core.money.share() in SQL: rounded half to even, on all that was ever released, less what was taken.
POSTGRES = """
WITH wanted AS MATERIALIZED (
  SELECT * FROM unnest(%(orders)s::uuid[], %(warned)s::timestamptz[]) WITH ORDINALITY AS w(order_id, warned, place)),
due AS MATERIALIZED (
  SELECT wanted.place, h.id, h.order_id, h.merchant_id, h.currency,
         h.released_minor, h.refunded_minor, h.fee_taken_minor,
         h.amount_minor - h.released_minor - h.refunded_minor AS rest,
         (h.amount_minor - h.refunded_minor) * h.fee_bps AS scaled
  FROM wanted JOIN escrow_hold h USING (order_id)
  WHERE h.order_id = ANY(ARRAY(SELECT order_id FROM wanted))  -- looked up in the index, whatever the tables' sizes
        AND h.status = 'held' AND h.warned_at <= COALESCE(wanted.warned, %(latest)s)
        AND h.amount_minor > h.released_minor + h.refunded_minor
  ORDER BY h.id FOR NO KEY UPDATE OF h SKIP LOCKED),
calc AS MATERIALIZED (
  SELECT due.*, pot.id AS pot_id, fees.id AS fees_id,
         scaled / 10000 - fee_taken_minor
         + CASE WHEN scaled %% 10000 > 5000 OR (scaled %% 10000 = 5000 AND scaled / 10000 %% 2 = 1)
                THEN 1 ELSE 0 END AS fee,
         CASE WHEN refunded_minor > 0 THEN 'split' ELSE 'released' END AS target,
         CASE WHEN released_minor = 0 THEN 0 ELSE (
           SELECT COALESCE(MAX(leg), -1) + 1 FROM escrow_transfer
           WHERE kind IN (%(net)s, %(fee)s) AND ref = due.id) END AS leg
  FROM due JOIN escrow_account pot ON pot.key = 'escrow:' || due.currency
           JOIN escrow_account fees ON fees.key = 'fees:' || due.currency),
u AS (
  UPDATE escrow_hold h
  SET status = calc.target, released_minor = h.released_minor + calc.rest,
      fee_taken_minor = h.fee_taken_minor + calc.fee, closed_at = %(now)s
  FROM calc WHERE h.id = calc.id),
t AS (
  INSERT INTO escrow_transfer (kind, ref, leg, debit_id, credit_id, currency, amount, at)
  SELECT %(net)s, id, leg, pot_id, merchant_id, currency, rest - fee, %(now)s FROM calc WHERE rest > fee
  UNION ALL
  SELECT %(fee)s, id, leg, pot_id, fees_id, currency, fee, %(now)s FROM calc WHERE fee > 0),
audit AS (
  INSERT INTO core_auditentry (at, act, subject_type, subject, order_id, reason, facts)
  SELECT %(now)s, 'hold.' || target, 'hold', id::text, order_id, %(reason)s,
         jsonb_build_object('from', 'held', 'currency', currency, 'refund_minor', 0, 'net_minor', rest - fee,
                            'fee_minor', fee)
  FROM calc)
SELECT place, merchant_id, rest - fee FROM calc
"""
BALANCES = """
WITH lk AS MATERIALIZED (
  SELECT a.id, s.d FROM escrow_account a JOIN unnest(%s::bigint[], %s::bigint[]) AS s(id, d) USING (id)
  WHERE a.floor IS NOT NULL ORDER BY a.id FOR NO KEY UPDATE OF a)
UPDATE escrow_account a SET balance = a.balance + lk.d FROM lk WHERE a.id = lk.id
"""


def _release_postgres(
    wanted: list[Id], warned: list[datetime], now: datetime, then: Callable[[list[Id]], None]
) -> list[Id]:
    nets: dict[int, int] = defaultdict(int)
    done: list[Id] = []
    latest = max(warned)
    with connection.cursor() as cursor:
        cursor.execute(
            POSTGRES,
            {
                "orders": ids(wanted),
                "warned": "{}" if latest == min(warned) else array(warned),  # almost always it is one moment
                "latest": latest,
                "now": now,
                "net": int(TransferKind.RELEASE_NET),
                "fee": int(TransferKind.RELEASE_FEE),
                "reason": REASON,
            },
        )
        for place, merchant_id, net in cursor.fetchall():
            done.append(wanted[place - 1])
            nets[merchant_id] += net
        then(done)
        cursor.execute(BALANCES, [ids(nets), ids(nets.values())])
        if cursor.rowcount != len(nets):
            raise HoldMoved
    return done


SQLITE_HOLD = """
UPDATE escrow_hold
SET status = %s, released_minor = released_minor + %s, fee_taken_minor = fee_taken_minor + %s, closed_at = %s
WHERE id = %s AND status = 'held'
"""


def _release_sqlite(
    wanted: list[Id], warned: list[datetime], now: datetime, then: Callable[[list[Id]], None]
) -> list[Id]:
    """The one writing transaction is the lock: what was read as held is held still at the update."""
    asked = {UUID(str(pk)): (pk, moment) for pk, moment in zip(wanted, warned, strict=True)}
    held = Hold.objects.select_related("merchant").filter(
        order_id__among=wanted,
        status=HoldStatus.HELD,
        amount_minor__gt=F("released_minor") + F("refunded_minor"),
    )
    holds = [hold for hold in held.order_by("pk") if hold.warned_at and hold.warned_at <= asked[hold.order_id][1]]
    rows: list[Row] = []
    entries: list[Entry] = []
    sides: dict[str, list[Account]] = {}
    for hold in holds:
        if hold.currency not in sides:
            sides[hold.currency] = ledger.accounts(f"escrow:{hold.currency}", f"fees:{hold.currency}")
        pot, fees = sides[hold.currency]
        rest = hold.rest.minor
        fee = share(hold.released_minor + rest, hold.fee_bps) - hold.fee_taken_minor
        legs = ((TransferKind.RELEASE_NET, hold.merchant, rest - fee), (TransferKind.RELEASE_FEE, fees, fee))
        leg = next_leg(hold.pk) if hold.released_minor else 0
        entries += [Entry(kind, hold.pk, pot, to, minor, leg) for kind, to, minor in legs if minor]
        target = closed_as(hold.released_minor + rest, hold.refunded_minor)
        rows.append(Row(hold.pk, hold.order_id, hold.currency, rest - fee, fee, target))
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.executemany(SQLITE_HOLD, [(row.target, row.net + row.fee, row.fee, at, row.hold_id) for row in rows])
        if rows and cursor.rowcount != len(rows):
            raise HoldMoved
    ledger.post(entries, now=now)
    _audit(rows, now)
    done = [asked[row.order_id][0] for row in rows]
    then(done)
    return done


def _audit(rows: list[Row], now: datetime) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=now,
            user_id=SYSTEM.user_id,
            act=f"hold.{row.target}",
            subject_type="hold",
            subject=str(row.hold_id),
            order_id=row.order_id,
            reason=REASON,
            facts={
                "from": HoldStatus.HELD.value, "currency": row.currency,
                "refund_minor": 0, "net_minor": row.net, "fee_minor": row.fee,
            },
        )
        for row in rows
    )  # fmt: skip
