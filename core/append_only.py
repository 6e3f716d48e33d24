"""
Tables whose rows are written once: triggers refuse every change, on both databases.

An owner can take a trigger off again; in production the application's role should not own the tables (MONEY.md §2.1).
On SQLite a later migration that alters such a table rebuilds it without its triggers and must call ``guard()`` again.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
"""


def guard(
    connection: BaseDatabaseWrapper, table: str, *, columns: Sequence[str] = (), keep: tuple[str, int] | None = None
) -> None:
    """
    Refuse DELETE and TRUNCATE on a table, and UPDATE of any column, or only of some.

    ``keep``: a column of time and a number of days; what is older by the database's own clock may be deleted.

    A refused change is an ``IntegrityError``.
    """
    unguard(connection, table)
    update = f"UPDATE OF {', '.join(columns)}" if columns else "UPDATE"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
            refuse = "EXECUTE FUNCTION refuse_change()"
            both = f"{update} OR DELETE" if keep is None else update
            cursor.execute(f"CREATE TRIGGER {table}_no_change BEFORE {both} ON {table} FOR EACH ROW {refuse}")
            if keep is not None:
                young = f"OLD.{keep[0]} > now() - interval '{keep[1]} days'"
                cursor.execute(
                    f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW WHEN ({young}) {refuse}"
                )
            cursor.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}")
            return
        young = f"WHEN julianday(OLD.{keep[0]}) > julianday('now', '-{keep[1]} days') " if keep else ""
        for name, event, when in (("change", update, ""), ("delete", "DELETE", young)):
            cursor.execute(
                f"CREATE TRIGGER {table}_no_{name} BEFORE {event} ON {table} {when}"
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def unguard(connection: BaseDatabaseWrapper, table: str) -> None:
    """Take the triggers off: for going back a migration, and for tests that empty the tables."""
    on = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in ("change", "truncate", "delete"):
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{name}{on}")


def is_guarded(connection: BaseDatabaseWrapper, table: str) -> bool:
    """Whether a table's triggers against change and deletion are there and on."""
    names = [f"{table}_no_change"] + ([f"{table}_no_delete"] if connection.vendor != "postgresql" else [])
    if connection.vendor == "postgresql":
        found = "SELECT count(*) FROM pg_trigger WHERE tgname = %s AND tgenabled <> 'D'"
    else:
        found = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name = %s"
    with connection.cursor() as cursor:
        counts = []
        for name in names:
            cursor.execute(found, [name])
            counts.append(cursor.fetchone()[0])
    return all(counts)
