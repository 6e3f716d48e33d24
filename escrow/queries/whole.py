"""A merchant's whole running account for a file: read in pieces, so that its length costs time but no memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from heapq import merge
from itertools import islice
from operator import attrgetter

from django.db import connection, transaction
from django.db.models import Q, Subquery

from escrow.models import Account, Transfer
from escrow.queries.lines import MoneyLine
from escrow.queries.statement import Lines

PIECE = 1_000


@contextmanager
def one_moment() -> Iterator[None]:
    """
    Several queries that see the books of one instant. Inside a transaction of the caller it is that one's view.

    On SQLite a transaction would keep everybody from writing; there the numbers of the transfers follow their commits,
    so that who reads only what is older than his first look needs none.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def every_line(lines: Lines, *, piece: int = PIECE) -> Iterator[MoneyLine]:
    """All lines, newest first, each with the balance after it. Run to the end inside ``one_moment()``."""
    if lines.account is None:
        return
    newest, balance = _top(lines.account)
    below = newest + 1
    while moves := list(islice(_newest_first(lines, below, piece), piece)):
        lowest, wanted = moves[-1].pk, {move.pk for move in moves}
        balances: dict[int, int] = {}
        for pk, signed in _signed(lines.account, lowest, below):
            if pk in wanted:
                balances[pk] = balance
            balance -= signed
        yield from lines.told(moves, balances)
        below = lowest


def _top(account: Account) -> tuple[int, int]:
    """The number of the newest transfer and the balance after it, seen in one statement."""
    last = Transfer.objects.filter(Q(credit=account) | Q(debit=account)).order_by("-pk").values("pk")[:1]
    row = Account.objects.filter(pk=account.pk).annotate(last=Subquery(last)).values_list("last", "balance").get()
    return row[0] or 0, row[1]


def _newest_first(lines: Lines, below: int, piece: int) -> Iterator[Transfer]:
    sides = (side.filter(pk__lt=below).order_by("-pk")[:piece] for side in (lines.incoming, lines.outgoing))
    return merge(*sides, key=attrgetter("pk"), reverse=True)


def _signed(account: Account, lowest: int, below: int) -> Iterator[tuple[int, int]]:
    """What each transfer of the account did to it, wanted or not, from the newest down."""
    rows = Transfer.objects.filter(pk__gte=lowest, pk__lt=below).order_by("-pk").values_list("pk", "amount")
    into, out = (rows.filter(**{side: account}).iterator(chunk_size=PIECE) for side in ("credit", "debit"))
    return merge(into, ((pk, -amount) for pk, amount in out), key=lambda row: row[0], reverse=True)
