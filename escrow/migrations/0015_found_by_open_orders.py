"""Open holds are found by their open orders: a release then touches a hold's row and none of its indexes."""

from django.db import migrations, models


def room_for_a_second_version(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE escrow_hold SET (fillfactor = 50)")


def as_before(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE escrow_hold RESET (fillfactor)")


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0014_payout_holds_by_cause'),
        ('shop', '0010_open_orders'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='hold', name='hold_store_oldest'),
        migrations.AddIndex(
            model_name='hold',
            index=models.Index(fields=['store_id', 'opened_at', 'id'], name='hold_store_oldest'),
        ),
        migrations.RunPython(room_for_a_second_version, as_before),
    ]
