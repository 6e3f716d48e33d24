"""Where a store ships from, for readers of English."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_search")]

    operations = [
        migrations.AddField(
            model_name="store",
            name="region_en",
            field=models.CharField(blank=True, default="", max_length=60, verbose_name="ships from, English"),
            preserve_default=False,
        ),
    ]
