"""Writing many rows after one: every column not named keeps the value of the row that a real deal has left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def clone(table: str, *, rows: str, template: str = "", **columns: str) -> None:
    """
    Insert into a table one row per combination of template and rows.

    ``template``: which of its own rows are taken for a pattern (a condition, all without). ``rows``: a FROM item with
    the alias ``m``. ``columns``: an expression over ``t`` (the pattern) and ``m`` for each column that differs.
    """
    pattern = f"SELECT * FROM {table} {f'WHERE {template}' if template else ''}"
    copy_of(table, rows=f"{rows} CROSS JOIN ({pattern}) t", **columns)


def copy_of(table: str, *, rows: str, **columns: str) -> None:
    """Insert into a table one row for each of ``rows``, a FROM item that names its pattern ``t``."""
    names = columns_of(table)
    values = [f"({columns.pop(name)})" if name in columns else f't."{name}"' for name in names]
    assert not columns, f"{table} has no {', '.join(columns)}"
    quoted = ", ".join(f'"{name}"' for name in names)
    run(f"INSERT INTO {table} ({quoted}) SELECT {', '.join(values)} FROM {rows}")


def next_id(table: str) -> str:
    """The expression for the next number of a table whose rows are numbered."""
    return f"nextval(pg_get_serial_sequence('{table}', 'id'))"


def columns_of(table: str) -> list[str]:
    """What may be written; not what the database derives."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s "
            "AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        return [row[0] for row in cursor.fetchall()]


@contextmanager
def bulk() -> Iterator[None]:
    """Without triggers, and without the indices that no constraint needs: they are made anew, as large, afterwards."""
    with connection.cursor() as cursor:
        _let_vacuum_run(cursor, value="off")
        cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'; SET jit = off")
        cursor.execute(
            "SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.schemaname = 'public' "
            "AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname) "
            "AND i.indexdef NOT LIKE 'CREATE UNIQUE%%' AND i.tablename ~ '^(shop|escrow|logistics|core|accounts)_'"
        )
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in found:
            cursor.execute(definition)
        _catch_up(cursor)
        cursor.execute("SET session_replication_role = origin")
        _let_vacuum_run(cursor, value="on")


def _let_vacuum_run(cursor, *, value: str) -> None:
    """Beside the writing it would take half the machine; one VACUUM of everything follows. The server is our own."""
    cursor.execute(f"ALTER SYSTEM SET autovacuum = {value}")
    cursor.execute("SELECT pg_reload_conf()")


def _catch_up(cursor) -> None:
    """Let every sequence go on behind the numbers that were written past it."""
    cursor.execute(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND is_identity = 'YES'"
    )
    for table, column in cursor.fetchall():
        assert re.fullmatch(r"\w+", table)
        sequence = f"pg_get_serial_sequence('\"{table}\"', '{column}')"
        cursor.execute(f'SELECT setval({sequence}, (SELECT COALESCE(MAX("{column}"), 0) + 1 FROM "{table}"), false)')
