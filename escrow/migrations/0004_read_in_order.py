"""
Indices that give running accounts and held orders in their order, in place of those that give only the rows.

SQLite rebuilds the table of transfers for this, without its triggers: they are put back.
"""

import django.db.models.deletion
from django.db import migrations, models

from core.append_only import guard, unguard

TABLE = "escrow_transfer"


def take_guard_off(apps, schema_editor):
    unguard(schema_editor.connection, TABLE)


def put_guard_back(apps, schema_editor):
    guard(schema_editor.connection, TABLE)


def account(**options):
    return models.ForeignKey("escrow.account", django.db.models.deletion.DO_NOTHING, db_constraint=False,
                             db_index=False, related_name="+", **options)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("escrow", "0003_append_only")]
    operations = [
        migrations.RunPython(take_guard_off, put_guard_back),
        migrations.AlterField("transfer", "credit", account()),
        migrations.AlterField("transfer", "debit", account()),
        migrations.AddIndex("transfer", models.Index(fields=["credit", "id"], name="transfer_into")),
        migrations.AddIndex("transfer", models.Index(fields=["debit", "id"], name="transfer_out_of")),
        migrations.RemoveIndex("hold", "hold_store"),
        migrations.AddIndex("hold", models.Index(fields=["store_id", "status", "opened_at", "id"], name="hold_store_oldest")),
        migrations.RunPython(put_guard_back, take_guard_off),
    ]
