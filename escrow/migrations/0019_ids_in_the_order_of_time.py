"""
New rows get ids in the order of time. A matter of this code alone: no table is touched, and on SQLite none is rebuilt,
which would lose its triggers.
"""

from django.db import migrations, models

from core.ids import timed_id


class Migration(migrations.Migration):
    dependencies = [("escrow", "0018_accounts_are_asked_about")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "payment",
                    "id",
                    models.UUIDField(primary_key=True, default=timed_id, editable=False, serialize=False),
                ),
            ]
        )
    ]
