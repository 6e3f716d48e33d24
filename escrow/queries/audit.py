"""The books as they are at one instant, while the shop goes on."""

from __future__ import annotations

from django.db import connection, transaction

from escrow.queries.books import Books, books


def count_books() -> Books:
    """
    Count everything from one snapshot: what commits during the count is in all of its queries or in none.

    Inside a transaction of the caller it is that transaction's view.
    """
    if connection.in_atomic_block:
        return books()
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return books()
