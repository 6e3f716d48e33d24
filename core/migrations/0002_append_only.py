"""The audit trail is written once."""

from django.db import migrations

from core.append_only import guard, unguard

TABLE = "core_auditentry"


def forwards(apps, schema_editor):
    guard(schema_editor.connection, TABLE)


def backwards(apps, schema_editor):
    unguard(schema_editor.connection, TABLE)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
