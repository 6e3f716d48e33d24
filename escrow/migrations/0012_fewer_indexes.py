"""A hold is found by order, payment and store; nobody asks for those of an account."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0011_stops_with_a_cause'),
    ]

    operations = [
        migrations.AlterField(
            model_name='hold',
            name='merchant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='escrow.account'),
        ),
    ]
