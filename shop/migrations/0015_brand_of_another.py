from importlib import import_module

from django.db import migrations, models

search = import_module("shop.migrations.0002_search")


def again_on_sqlite(apps, schema_editor):
    """SQLite has built the table anew and lost the triggers of the search with it."""
    if schema_editor.connection.vendor == "sqlite":
        search.install_search(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [('shop', '0014_papers_can_be_purged')]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, again_on_sqlite),
        migrations.AddField(
            model_name="product",
            name="brand",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=60, verbose_name="brand of another",
                help_text="Empty for your own brand or none. Another’s needs an authorisation that we have seen.",
            ),
        ),
        migrations.AlterField(
            model_name="product",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"), ("listed", "On sale"), ("unlisted", "Off the shelf"),
                    ("stopped", "Stopped: a permit or an authorisation is missing"), ("deleted", "In the bin"),
                ],
                default="draft", max_length=10,
            ),
        ),
        migrations.RunPython(again_on_sqlite, migrations.RunPython.noop),
    ]  # fmt: skip
