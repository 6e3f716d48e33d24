"""
The books: MONEY.md §2.2.

A transfer is one immutable row from one account to another, so every posting is balanced by construction. Its key is
the business row it stands for: ``(kind, ref, leg)``. ``post()`` is the only writer; PostgreSQL does a whole call in
one statement, SQLite in a few inside the one writing transaction that it allows. The same tests run over both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from core.bulk import ids
from core.errors import DomainError
from core.prepared import PreparedIn
from escrow.errors import AlreadyPosted, KeyTaken, Overdrawn, UnknownAccount, WrongCurrency
from escrow.models import Account, AccountCheckpoint, Transfer, TransferKind

KINDS = frozenset(
    {
        "provider",
        "escrow",
        "fees",
        "merchant",
        "refund_in_flight",
        "payout_in_flight",
        "suspense",
        "receivable",
        "provider_fees",
        "rounding",
        "adjustments",
        "losses",
        "compensations",
    }
)  # the chart of accounts; only a merchant's balance is authorised, the others are recorded
FLOORS = {"merchant": 0}


@dataclass(frozen=True, slots=True)
class Entry:
    """One transfer to be posted: ``amount_minor`` leaves ``debit`` and arrives on ``credit``."""

    kind: TransferKind
    ref: int
    debit: Account
    credit: Account
    amount_minor: int
    leg: int = 0

    def __post_init__(self) -> None:
        if self.amount_minor <= 0 or self.debit.pk == self.credit.pk:
            raise ValueError("a transfer moves more than nothing, between two accounts")

    @property
    def key(self) -> tuple[int, int, int]:
        return (int(self.kind), self.ref, self.leg)

    @property
    def payload(self) -> tuple[int, int, int]:
        return (self.debit.pk, self.credit.pk, self.amount_minor)


def accounts(*keys: str) -> list[Account]:
    """The accounts of these keys, in their order; missing ones are opened."""
    found = {row.key: row for row in _BY_KEY.all(keys)}
    missing = [key for key in dict.fromkeys(keys) if key not in found]
    if missing:
        Account.objects.bulk_create([_new(key) for key in missing], ignore_conflicts=True)
        found |= {row.key: row for row in Account.objects.filter(key__in=missing)}
    return [found[key] for key in keys]


_BY_KEY = PreparedIn(lambda keys: Account.objects.filter(key__in=keys))


def account(key: str) -> Account:
    """The account of a key such as ``escrow:CNY`` or ``merchant:<store id>:CNY``, opened when it is new."""
    return accounts(key)[0]


def _new(key: str) -> Account:
    kind, *middle, currency = key.split(":")
    if kind not in KINDS or len(currency) != 3 or len(middle) > 1:
        raise ValueError(f"not an account: {key}")
    owner_id = UUID(middle[0]) if kind in ("merchant", "receivable") else None
    return Account(key=key, kind=kind, owner_id=owner_id, currency=currency, floor=FLOORS.get(kind))


def balance(account: Account) -> int:
    """What is on an account now: the materialised balance, or the sum of its transfers."""
    if account.floor is not None:
        return Account.objects.values_list("balance", flat=True).get(pk=account.pk)
    return derived_balance(account)


def derived_balance(account: Account) -> int:
    """Credits less debits, from the transfers: the newest roll-up and what came later. ``books()`` adds up all."""
    newest = AccountCheckpoint.objects.filter(account=account).order_by("-upto_transfer_id")
    upto, total = newest.values_list("upto_transfer_id", "balance").first() or (0, 0)
    sums = Transfer.objects.filter(Q(credit=account) | Q(debit=account), pk__gt=upto).aggregate(
        credit=Coalesce(Sum("amount", filter=Q(credit=account)), 0),
        debit=Coalesce(Sum("amount", filter=Q(debit=account)), 0),
    )
    return total + int(sums["credit"]) - int(sums["debit"])


def post(entries: Sequence[Entry], *, now: datetime) -> int:
    """
    Write transfers and move balances, all or none; give how many.

    :raises AlreadyPosted: if these very transfers are in the books
    :raises KeyTaken: if one of the keys stands for a different movement
    :raises Overdrawn: if an account would fall below its floor
    :raises WrongCurrency: if two accounts of a transfer are in different currencies
    :raises UnknownAccount: if an account does not exist
    """
    if not entries:
        return 0
    if len({entry.key for entry in entries}) != len(entries):
        raise ValueError("one call names the same transfer twice")
    body = _post_postgres if connection.vendor == "postgresql" else _post_sqlite
    try:
        if connection.vendor == "postgresql" and not connection.in_atomic_block:
            _post_alone(entries, now)
        else:
            with transaction.atomic():
                if body(entries, now) != len(entries):
                    raise _Short
    except _Short:
        raise _explain(entries) from None
    except IntegrityError as fault:
        if "account_floor" in str(fault):
            raise Overdrawn from fault
        raise
    return len(entries)


class _Short(Exception):
    """Fewer rows were written than asked for."""


POSTGRES = """
WITH v AS (
  SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[])
           WITH ORDINALITY AS v(kind, ref, leg, debit, credit, amount, place)),
t AS (
  INSERT INTO escrow_transfer (kind, ref, leg, debit_id, credit_id, currency, amount, at)
  SELECT v.kind, v.ref, v.leg, d.id, c.id, d.currency, v.amount, %s
  FROM v JOIN escrow_account d ON d.id = v.debit
         JOIN escrow_account c ON c.id = v.credit AND c.currency = d.currency
  ORDER BY v.place  -- ids in the order asked for: that is how running accounts are read
  ON CONFLICT DO NOTHING RETURNING debit_id, credit_id, amount),
s AS (
  SELECT id, sum(d)::bigint AS d
  FROM (SELECT debit_id AS id, -amount AS d FROM t UNION ALL SELECT credit_id, amount FROM t) q GROUP BY 1),
lk AS MATERIALIZED (
  SELECT a.id, s.d FROM escrow_account a JOIN s USING (id) WHERE a.floor IS NOT NULL
  ORDER BY a.id FOR NO KEY UPDATE OF a),
u AS (UPDATE escrow_account a SET balance = a.balance + lk.d FROM lk WHERE a.id = lk.id)
SELECT count(*) FROM t
"""
DIVISION_BY_ZERO = "22012"
# Outside a transaction the statement is one by itself: dividing by zero takes all of it back when a row is missing,
# and BEGIN and COMMIT need no way of their own.
ALONE = POSTGRES.replace("SELECT count(*) FROM t", "SELECT 1 / (count(*) = %s)::int FROM t")


def _post_alone(entries: Sequence[Entry], now: datetime) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(ALONE, [*_columns(entries), now, len(entries)])
    except DataError as fault:
        if getattr(fault.__cause__, "pgcode", "") == DIVISION_BY_ZERO:
            raise _Short from None
        raise


def _post_postgres(entries: Sequence[Entry], now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(POSTGRES, [*_columns(entries), now])
        row = cursor.fetchone()
    return int(row[0])


def _columns(entries: Sequence[Entry]) -> list[str]:
    return [
        ids(int(entry.kind) for entry in entries),
        ids(entry.ref for entry in entries),
        ids(entry.leg for entry in entries),
        ids(entry.debit.pk for entry in entries),
        ids(entry.credit.pk for entry in entries),
        ids(entry.amount_minor for entry in entries),
    ]


SQLITE_INSERT = """
INSERT INTO escrow_transfer (kind, ref, leg, debit_id, credit_id, currency, amount, at)
SELECT %s, %s, %s, d.id, c.id, d.currency, %s, %s
FROM escrow_account d, escrow_account c WHERE d.id = %s AND c.id = %s AND c.currency = d.currency
ON CONFLICT (kind, ref, leg) DO NOTHING
"""
SQLITE_BALANCE = "UPDATE escrow_account SET balance = balance + %s WHERE id = %s AND floor IS NOT NULL"


def _post_sqlite(entries: Sequence[Entry], now: datetime) -> int:
    at = connection.ops.adapt_datetimefield_value(now)
    sums: dict[int, int] = defaultdict(int)
    for entry in entries:
        sums[entry.debit.pk] -= entry.amount_minor
        sums[entry.credit.pk] += entry.amount_minor
    with connection.cursor() as cursor:
        cursor.executemany(
            SQLITE_INSERT,
            [(int(e.kind), e.ref, e.leg, e.amount_minor, at, e.debit.pk, e.credit.pk) for e in entries],
        )
        written = int(cursor.rowcount)
        if written == len(entries):
            cursor.executemany(SQLITE_BALANCE, [(sums[pk], pk) for pk in sorted(sums)])
    return written


def _explain(entries: Sequence[Entry]) -> DomainError:
    """Why fewer transfers were written than asked for; the call has been rolled back."""
    wanted = {entry.key: entry.payload for entry in entries}
    rows = Transfer.objects.filter(
        kind__in={kind for kind, _, _ in wanted}, ref__in={ref for _, ref, _ in wanted}
    ).values_list("kind", "ref", "leg", "debit_id", "credit_id", "amount")
    there = {(kind, ref, leg): (debit, credit, amount) for kind, ref, leg, debit, credit, amount in rows}
    known = {key: there[key] for key in wanted if key in there}
    if known:
        return AlreadyPosted() if known == wanted else KeyTaken()
    pks = {pk for entry in entries for pk in (entry.debit.pk, entry.credit.pk)}
    if Account.objects.filter(pk__in=pks).count() < len(pks):
        return UnknownAccount()
    return WrongCurrency()
