"""Indices from which lists count what they have without reading its rows."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("shop", "0003_store_region_in_english")]
    operations = [
        migrations.AddIndex("product", models.Index(fields=["category", "store"], name="product_category_store", condition=Q(status="listed"))),
        migrations.RemoveIndex("order", "order_store_status"),
        migrations.AddIndex("order", models.Index(fields=["store", "status", "in_case", "policy"], name="order_store_views")),
        migrations.AddIndex("store", models.Index(fields=["id"], name="store_closed", condition=Q(is_open=False))),
    ]
