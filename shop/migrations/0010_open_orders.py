"""Open orders have a small table of their own, so that moving an order along its states rewrites no index."""

import django.db.models.deletion
from django.db import migrations, models

from shop import open_orders


def follow(apps, schema_editor):
    open_orders.follow(schema_editor.connection)
    open_orders.fill(schema_editor.connection)


def unfollow(apps, schema_editor):
    open_orders.unfollow(schema_editor.connection)


def room_for_a_second_version(apps, schema_editor):
    """For rows that are new: what is there moves as it is updated."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE shop_order SET (fillfactor = 50)")


def as_before(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE shop_order SET (fillfactor = 85)")


class Migration(migrations.Migration):

    dependencies = [
        ('shop', '0009_card_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='OpenOrder',
            fields=[
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='open', serialize=False, to='shop.order')),
                ('store', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='shop.store')),
            ],
        ),
        migrations.RemoveIndex(model_name='order', name='order_store_views'),
        migrations.RunPython(room_for_a_second_version, as_before),
        migrations.RunPython(follow, unfollow),
    ]
