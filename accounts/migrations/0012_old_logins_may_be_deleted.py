from django.db import migrations

from core.append_only import guard

LOGINS, CHANGES = "accounts_loginevent", "accounts_signinchange"
WRITTEN_ONCE = ["user_id", "what", "old_value", "new_value", "at", "device_id", "ip"]
LEAST = ("at", 180)  # days; R7 asks for no less


def forwards(apps, schema_editor):
    guard(schema_editor.connection, LOGINS, keep=LEAST)
    guard(schema_editor.connection, CHANGES, columns=WRITTEN_ONCE, keep=LEAST)


def backwards(apps, schema_editor):
    guard(schema_editor.connection, LOGINS)
    guard(schema_editor.connection, CHANGES, columns=WRITTEN_ONCE)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_measures_by_name")]
    operations = [migrations.RunPython(forwards, backwards)]
