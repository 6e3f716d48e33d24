"""Completing an order touches no product, and fewer indexes of its own."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

LIKE = "shop_order_number_d6408b6d_like"


def drop_unused(apps, schema_editor):
    """Numbers are looked up whole; where a part is asked for, other rules are asked with it and no index helps."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {LIKE}")
        schema_editor.execute("ALTER TABLE shop_order SET (fillfactor = 85)")


def restore(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"CREATE INDEX IF NOT EXISTS {LIKE} ON shop_order (number varchar_pattern_ops)")
        schema_editor.execute("ALTER TABLE shop_order RESET (fillfactor)")


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0004_events_spread_later'),
        ('shop', '0005_coupons'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='order',
            name='buyer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='order',
            name='policy',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='core.policy'),
        ),
        migrations.AlterField(
            model_name='order',
            name='store',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='shop.store'),
        ),
        migrations.RemoveIndex(model_name='order', name='order_buyer_status'),
        migrations.CreateModel(
            name='Sale',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pieces', models.PositiveIntegerField()),
                ('product', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='shop.product')),
            ],
        ),
        migrations.RunPython(drop_unused, restore),
    ]
