"""Transfers are written once; accounts stay, and stay what they are: only a balance may change."""

from django.db import migrations

from core.append_only import guard, unguard


def forwards(apps, schema_editor):
    guard(schema_editor.connection, "escrow_transfer")
    guard(schema_editor.connection, "escrow_account", columns=("id", "key", "kind", "owner_id", "currency"))


def backwards(apps, schema_editor):
    unguard(schema_editor.connection, "escrow_account")
    unguard(schema_editor.connection, "escrow_transfer")


class Migration(migrations.Migration):
    dependencies = [("escrow", "0002_holds")]
    operations = [migrations.RunPython(forwards, backwards)]
