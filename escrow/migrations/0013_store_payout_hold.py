
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0012_fewer_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='StorePayoutHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('store_id', models.UUIDField()),
                ('in_force', models.BooleanField(default=True)),
                ('cause', models.CharField(choices=[('vetting', 'The store is not approved yet; its money waits on the balance until it is.'), ('suspended', 'The store is suspended; its money waits on the balance until that is settled.'), ('ending', 'The cooperation is ending; the balance is paid out once all orders and cases are closed.')], max_length=10)),
                ('by', models.UUIDField(null=True)),
                ('at', models.DateTimeField()),
                ('lifted_by', models.UUIDField(null=True)),
                ('lifted_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('in_force', True)), fields=('store_id',), name='store_payout_hold_one_in_force')],
            },
        ),
    ]
