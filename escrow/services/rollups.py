"""
Roll-ups of recorded accounts: what each came to up to one transfer, so that its balance need not add up all history.

A checkpoint must not lie above a transfer that is still to be committed with a smaller id: it would never be counted.
On PostgreSQL ids are given out before commit, in any order. Whoever has drawn an id holds the table's writer lock from
before the draw until his end; so whoever holds it at a moment *after* the newest visible transfer was seen is waited
for, and nobody who comes later can draw a smaller id. No lock is taken, and nobody waits for this.
"""

from __future__ import annotations

import time
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max, OuterRef, Subquery, Sum

from escrow.models import Account, AccountCheckpoint, Transfer

WAIT_SECONDS = 10.0
LOOK_EVERY_SECONDS = 0.05
WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'escrow_transfer'::regclass AND mode = 'RowExclusiveLock' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pid IS DISTINCT FROM pg_backend_pid()
"""


def roll_up(*, now: datetime, wait_seconds: float = WAIT_SECONDS) -> int:
    """
    Write a checkpoint for every recorded account that has moved since its last; give how many.

    None is written if somebody's transaction stays open longer than ``wait_seconds``: the next run comes. Safe to
    repeat, and to run twice at once.
    """
    upto = _settled(wait_seconds)
    if upto is None:
        return 0
    made = 0
    for account_id, last, balance in _last():
        if last >= upto:
            continue
        moved = _moved(account_id, last, upto)
        if moved is not None:
            made += _write(account_id, upto, balance + moved, now)
    return made


def _settled(wait_seconds: float) -> int | None:
    """The newest transfer of which all with smaller ids are committed or never will be; None if that is not known."""
    upto: int | None = Transfer.objects.aggregate(newest=Max("pk"))["newest"]
    if upto is None or connection.vendor != "postgresql":
        return upto  # SQLite has one writer: the order of ids is that of commits
    waited_for = _writers()
    end = time.monotonic() + wait_seconds
    while waited_for:
        if time.monotonic() >= end:
            return None
        time.sleep(LOOK_EVERY_SECONDS)
        waited_for &= _writers()
    return upto


def _writers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(WRITERS)
        return {str(row[0]) for row in cursor.fetchall()}


def _last() -> list[tuple[int, int, int]]:
    """Every recorded account with its newest checkpoint's transfer and balance."""
    newest = AccountCheckpoint.objects.filter(account=OuterRef("pk")).order_by("-upto_transfer_id")
    rows = Account.objects.filter(floor__isnull=True).annotate(
        last=Subquery(newest.values("upto_transfer_id")[:1]), sum=Subquery(newest.values("balance")[:1])
    )
    return [(pk, last or 0, total or 0) for pk, last, total in rows.order_by("pk").values_list("pk", "last", "sum")]


def _moved(account_id: int, after: int, upto: int) -> int | None:
    """What an account's transfers of this span come to; None if there are none."""
    rows = Transfer.objects.filter(pk__gt=after, pk__lte=upto)
    credit = rows.filter(credit=account_id).aggregate(sum=Sum("amount"))["sum"]
    debit = rows.filter(debit=account_id).aggregate(sum=Sum("amount"))["sum"]
    return None if credit is None and debit is None else int(credit or 0) - int(debit or 0)


def _write(account_id: int, upto: int, balance: int, now: datetime) -> int:
    with transaction.atomic():
        _row, is_new = AccountCheckpoint.objects.get_or_create(
            account_id=account_id, upto_transfer_id=upto, defaults={"balance": balance, "at": now}
        )
    return int(is_new)
