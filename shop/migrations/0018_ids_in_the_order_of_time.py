"""
New rows get ids in the order of time. A matter of this code alone: no table is touched, and on SQLite none is rebuilt,
which would lose its triggers.
"""

from django.db import migrations, models

from core.ids import timed_id


class Migration(migrations.Migration):
    dependencies = [("shop", "0017_letters_muted")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "order", "id", models.UUIDField(primary_key=True, default=timed_id, editable=False, serialize=False)
                ),
                migrations.AlterField(
                    "orderline",
                    "id",
                    models.UUIDField(primary_key=True, default=timed_id, editable=False, serialize=False),
                ),
            ]
        )
    ]
