"""
The open orders' own small table, kept by triggers on both databases.

A shop has few open orders beside very many closed ones, and everybody asks for the open ones. An index on the state
would answer too, but PostgreSQL then rewrites every index of a row whenever its state moves; without one, and with room
on the page for a second version of each row, the move touches the row alone (a heap-only update). The price is one
short row written and one deleted in an order's life.

On SQLite a later migration that alters ``shop_order`` rebuilds it without its triggers and must call ``follow()``
again; ``tests/shop/test_open_orders.py`` is red if one forgets.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

# Written out, as migrations are: the states of the time. Equal to shop.states.OPEN_ORDER by test.
OPEN = ("pending", "paid", "shipped", "delivered")
TRIGGERS = ("shop_order_placed", "shop_order_reopened", "shop_order_over")
ADD = "INSERT INTO shop_openorder (order_id, store_id) VALUES (NEW.id, NEW.store_id)"
DROP = "DELETE FROM shop_openorder WHERE order_id = NEW.id"
IS, WAS = "NEW.status IN {open}", "OLD.status IN {open}"
# Trigger, event, when it acts, and what it does.
RULES = (
    (TRIGGERS[0], "INSERT", IS, ADD),
    (TRIGGERS[1], "UPDATE OF status", IS + " AND NOT " + WAS, ADD),
    (TRIGGERS[2], "UPDATE OF status", WAS + " AND NOT (" + IS + ")", DROP),
)
HEAD = "CREATE TRIGGER {name} AFTER {event} ON shop_order FOR EACH ROW WHEN ({when}) "
MAKE = {
    "postgresql": (
        "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {act}; RETURN NULL; END $$",
        HEAD + "EXECUTE FUNCTION {name}()",
    ),
    "sqlite": (HEAD + "BEGIN {act}; END",),
}
UNMAKE = {
    "postgresql": ("DROP TRIGGER IF EXISTS {name} ON shop_order", "DROP FUNCTION IF EXISTS {name}()"),
    "sqlite": ("DROP TRIGGER IF EXISTS {name}",),
}
FILL = "INSERT INTO shop_openorder (order_id, store_id) SELECT id, store_id FROM shop_order WHERE status IN {open}"


def follow(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers that write and delete rows of ``shop_openorder`` as orders open and close."""
    unfollow(connection)
    _carry_out(connection, MAKE[connection.vendor])


def unfollow(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers off: for going back a migration."""
    _carry_out(connection, UNMAKE[connection.vendor])


def fill(connection: BaseDatabaseWrapper) -> None:
    """Write the rows of the orders that are open already."""
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(open=OPEN))


def _carry_out(connection: BaseDatabaseWrapper, statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for name, event, when, act in RULES:
            for statement in statements:
                cursor.execute(statement.format(name=name, event=event, when=when.format(open=OPEN), act=act))
