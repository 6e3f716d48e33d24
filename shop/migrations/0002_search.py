"""
Word indices for the product search (shop/search.py).

PostgreSQL: the words as a column of their own, which the database derives, and a GIN index on it; derived at each look
instead, testing a row costs ten times as much. SQLite: an FTS5 table without content of its own, fed by triggers;
``shop_product_row`` gives every product a whole number, because FTS5 knows rows by number only and the hidden row
numbers of a table with another key may change in a VACUUM. SQLite drops triggers when a later migration rebuilds
``shop_product``: such a migration ends with ``RunPython(install_search)`` of its own; a test looks for the triggers.
"""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

POSTGRESQL = [
    """
    ALTER TABLE shop_product ADD COLUMN search_words tsvector
    GENERATED ALWAYS AS (array_to_tsvector(array_remove(string_to_array(search, ' '), ''))) STORED
    """,
    "CREATE INDEX product_words ON shop_product USING gin (search_words)",
]
POSTGRESQL_BACK = ["ALTER TABLE shop_product DROP COLUMN IF EXISTS search_words"]

SQLITE = [
    "CREATE TABLE shop_product_row (id integer PRIMARY KEY AUTOINCREMENT, product_id char(32) NOT NULL UNIQUE)",
    """
    CREATE VIRTUAL TABLE shop_product_words
    USING fts5(words, content='', detail=none, columnsize=0, tokenize='ascii')
    """,
    """
    CREATE TRIGGER product_words_insert AFTER INSERT ON shop_product BEGIN
        INSERT INTO shop_product_row (product_id) VALUES (new.id);
        INSERT INTO shop_product_words (rowid, words)
        SELECT id, new.search FROM shop_product_row WHERE product_id = new.id;
    END
    """,
    """
    CREATE TRIGGER product_words_update AFTER UPDATE OF search ON shop_product WHEN old.search <> new.search BEGIN
        INSERT INTO shop_product_words (shop_product_words, rowid, words)
        SELECT 'delete', id, old.search FROM shop_product_row WHERE product_id = old.id;
        INSERT INTO shop_product_words (rowid, words)
        SELECT id, new.search FROM shop_product_row WHERE product_id = new.id;
    END
    """,
    """
    CREATE TRIGGER product_words_delete AFTER DELETE ON shop_product BEGIN
        INSERT INTO shop_product_words (shop_product_words, rowid, words)
        SELECT 'delete', id, old.search FROM shop_product_row WHERE product_id = old.id;
        DELETE FROM shop_product_row WHERE product_id = old.id;
    END
    """,
    "INSERT INTO shop_product_row (product_id) SELECT id FROM shop_product",
    """
    INSERT INTO shop_product_words (rowid, words)
    SELECT r.id, p.search FROM shop_product_row r JOIN shop_product p ON p.id = r.product_id
    """,
]
SQLITE_BACK = [
    "DROP TRIGGER IF EXISTS product_words_insert",
    "DROP TRIGGER IF EXISTS product_words_update",
    "DROP TRIGGER IF EXISTS product_words_delete",
    "DROP TABLE IF EXISTS shop_product_words",
    "DROP TABLE IF EXISTS shop_product_row",
]


def install_search(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    remove_search(apps, schema_editor)
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def remove_search(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRESQL_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunPython(install_search, remove_search)]
