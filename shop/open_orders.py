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
_OPEN = "NEW.status IN ('{}')".format("', '".join(OPEN))
_WAS_OPEN = _OPEN.replace("NEW", "OLD")
_ADD = "INSERT INTO shop_openorder (order_id, store_id) VALUES (NEW.id, NEW.store_id)"
_DROP = "DELETE FROM shop_openorder WHERE order_id = NEW.id"
# trigger, event, condition, act
RULES = (
    ("shop_order_placed", "INSERT", _OPEN, _ADD),
    ("shop_order_reopened", "UPDATE OF status", f"{_OPEN} AND NOT {_WAS_OPEN}", _ADD),
    ("shop_order_over", "UPDATE OF status", f"{_WAS_OPEN} AND NOT {_OPEN}", _DROP),
)
FILL = """
INSERT INTO shop_openorder (order_id, store_id) SELECT id, store_id FROM shop_order NEW WHERE {condition}
"""


def follow(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers that write and delete rows of ``shop_openorder`` as orders open and close."""
    unfollow(connection)
    with connection.cursor() as cursor:
        for name, event, condition, act in RULES:
            head = f"CREATE TRIGGER {name} AFTER {event} ON shop_order FOR EACH ROW WHEN ({condition})"
            if connection.vendor == "postgresql":
                body = f"$$ BEGIN {act}; RETURN NULL; END $$"
                cursor.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {body}")
                cursor.execute(f"{head} EXECUTE FUNCTION {name}()")
            else:
                cursor.execute(f"{head} BEGIN {act}; END")


def unfollow(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers off: for going back a migration."""
    on = " ON shop_order" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
            if connection.vendor == "postgresql":
                cursor.execute(f"DROP FUNCTION IF EXISTS {name}()")


def fill(connection: BaseDatabaseWrapper) -> None:
    """Write the rows of the orders that are open already."""
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(condition=_OPEN))
