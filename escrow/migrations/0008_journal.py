"""The accountant's journal: every transfer as its two legs. And roll-ups of accounts are written once."""

from django.db import migrations

from core.append_only import guard, unguard

VIEW = """
CREATE VIEW escrow_journal AS
  SELECT id AS transfer_id, at, kind, ref, leg, debit_id AS account_id, 'debit' AS side, currency, -amount AS amount
  FROM escrow_transfer
  UNION ALL
  SELECT id, at, kind, ref, leg, credit_id, 'credit', currency, amount FROM escrow_transfer
"""


def forwards(apps, schema_editor):
    guard(schema_editor.connection, "escrow_accountcheckpoint")


def backwards(apps, schema_editor):
    unguard(schema_editor.connection, "escrow_accountcheckpoint")


class Migration(migrations.Migration):
    dependencies = [("escrow", "0007_money_core")]
    operations = [
        migrations.RunSQL(VIEW, "DROP VIEW escrow_journal"),
        migrations.RunPython(forwards, backwards),
    ]
