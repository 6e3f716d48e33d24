"""What the money core needs beside the first sale: chargebacks, terms, stops, statements; only new columns and tables."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0006_custody'),
        ('shop', '0004_count_from_an_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountCheckpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upto_transfer_id', models.BigIntegerField()),
                ('balance', models.BigIntegerField()),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Adjustment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('debit', models.CharField(max_length=80)),
                ('credit', models.CharField(max_length=80)),
                ('amount_minor', models.PositiveBigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('reason', models.CharField(max_length=300)),
                ('proposed_by', models.UUIDField()),
                ('proposed_at', models.DateTimeField()),
                ('signed_by', models.UUIDField(null=True)),
                ('signed_at', models.DateTimeField(null=True)),
                ('refused_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Chargeback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gateway', models.CharField(max_length=20)),
                ('gateway_ref', models.CharField(max_length=80)),
                ('status', models.CharField(choices=[('open', "Taken back by the payer's bank, in dispute"), ('won', 'Won, the money is back'), ('lost', 'Lost')], default='open', max_length=10)),
                ('amount_minor', models.PositiveBigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('reason', models.CharField(blank=True, max_length=80)),
                ('taken_minor', models.JSONField(default=dict)),
                ('fee_back_minor', models.PositiveBigIntegerField(default=0)),
                ('opened_at', models.DateTimeField()),
                ('answer_by', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='MerchantTerms',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('store_id', models.UUIDField()),
                ('currency', models.CharField(max_length=3)),
                ('credit_line_minor', models.PositiveBigIntegerField(default=0)),
                ('reserve_bps', models.PositiveIntegerField(default=0)),
                ('reserve_days', models.PositiveSmallIntegerField(default=0)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('set_by', models.UUIDField(null=True)),
                ('set_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='PayoutStop',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('in_force', models.BooleanField(default=True)),
                ('reason', models.CharField(max_length=200)),
                ('by', models.UUIDField(null=True)),
                ('at', models.DateTimeField()),
                ('lifted_by', models.UUIDField(null=True)),
                ('lifted_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Recovery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('store_id', models.UUIDField()),
                ('amount_minor', models.PositiveBigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='StatementFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gateway', models.CharField(max_length=20)),
                ('day', models.DateField()),
                ('name', models.CharField(max_length=200)),
                ('sha256', models.CharField(max_length=64)),
                ('raw', models.BinaryField()),
                ('lines', models.PositiveIntegerField(default=0)),
                ('closing_minor', models.BigIntegerField(null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('handed_in_by', models.UUIDField(null=True)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='StatementLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gateway', models.CharField(max_length=20)),
                ('ext_id', models.CharField(max_length=120)),
                ('kind', models.CharField(choices=[('payment', 'Payment'), ('refund', 'Refund'), ('payout', 'Payout'), ('fee', "Provider's fee"), ('chargeback', 'Chargeback'), ('other', 'Something else')], max_length=12)),
                ('gross_minor', models.BigIntegerField()),
                ('fee_minor', models.BigIntegerField(default=0)),
                ('currency', models.CharField(max_length=3)),
                ('reference', models.CharField(blank=True, max_length=120)),
                ('at', models.DateTimeField()),
                ('status', models.CharField(choices=[('open', 'Not compared yet'), ('matched', 'Agrees'), ('differs', 'Differs'), ('unknown', 'Not in our books'), ('explained', 'Explained by staff')], default='open', max_length=10)),
                ('transfer_id', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Ticket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gateway', models.CharField(max_length=20)),
                ('day', models.DateField()),
                ('problem', models.CharField(max_length=20)),
                ('transfer_id', models.BigIntegerField(null=True)),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('status', models.CharField(choices=[('open', 'Open'), ('closed', 'Explained')], default='open', max_length=10)),
                ('owner', models.UUIDField(null=True)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='hold',
            name='fee_back_minor',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='hold',
            name='returned_minor',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='payout',
            name='approved_by',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='payout',
            name='prepared_by',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='payout',
            name='returned_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='refund',
            name='fee_back_minor',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='refund',
            name='from_merchant',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='payout',
            name='status',
            field=models.CharField(choices=[('approval', 'Waiting for a second pair of eyes'), ('prepared', 'Prepared'), ('sent', 'At the bank'), ('paid', 'Paid out'), ('failed', 'Failed, back in the balance'), ('returned', 'Sent back by the bank, back in the balance')], default='prepared', max_length=10),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='kind',
            field=models.PositiveSmallIntegerField(choices=[(1, 'Capture'), (2, 'Release Net'), (3, 'Release Fee'), (4, 'Refund'), (5, 'Refund Done'), (6, 'Payout Sent'), (7, 'Payout Done'), (8, 'Payout Failed'), (9, 'Suspense In'), (10, 'Suspense Refund'), (11, 'Late Refund'), (12, 'Fee Back'), (13, 'Credit Refund'), (14, 'Recovered'), (15, 'Chargeback'), (16, 'Chargeback Won'), (17, 'Credit Chargeback'), (18, 'Payout Returned'), (19, 'Provider Fee'), (20, 'Adjust'), (21, 'Suspense Applied')]),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(('released_minor__gte', models.F('returned_minor')), ('fee_taken_minor__gte', models.F('fee_back_minor'))), name='hold_gives_back_no_more_than_left'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('from_merchant', False), ('hold__isnull', False), _connector='OR'), name='refund_of_merchant_has_hold'),
        ),
        migrations.AddField(
            model_name='accountcheckpoint',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='checkpoints', to='escrow.account'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='adjustment_positive'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.CheckConstraint(condition=models.Q(('signed_by__isnull', True), models.Q(('signed_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='adjustment_needs_two'),
        ),
        migrations.AddField(
            model_name='chargeback',
            name='hold',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='chargebacks', to='escrow.hold'),
        ),
        migrations.AddField(
            model_name='chargeback',
            name='payment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='chargebacks', to='escrow.payment'),
        ),
        migrations.AddIndex(
            model_name='merchantterms',
            index=models.Index(fields=['store_id', 'currency', '-id'], name='terms_newest'),
        ),
        migrations.AddConstraint(
            model_name='merchantterms',
            constraint=models.CheckConstraint(condition=models.Q(('reserve_bps__lte', 10000)), name='terms_reserve_is_a_share'),
        ),
        migrations.AddConstraint(
            model_name='payoutstop',
            constraint=models.UniqueConstraint(condition=models.Q(('in_force', True)), fields=('in_force',), name='payout_stop_one_in_force'),
        ),
        migrations.AddConstraint(
            model_name='recovery',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='recovery_positive'),
        ),
        migrations.AddIndex(
            model_name='statementfile',
            index=models.Index(fields=['gateway', '-day'], name='statement_newest'),
        ),
        migrations.AddConstraint(
            model_name='statementfile',
            constraint=models.UniqueConstraint(fields=('gateway', 'sha256'), name='statement_file_once'),
        ),
        migrations.AddField(
            model_name='statementline',
            name='file',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='escrow.statementfile'),
        ),
        migrations.AddField(
            model_name='ticket',
            name='line',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='escrow.statementline'),
        ),
        migrations.AddConstraint(
            model_name='accountcheckpoint',
            constraint=models.UniqueConstraint(fields=('account', 'upto_transfer_id'), name='account_checkpoint_once'),
        ),
        migrations.AddConstraint(
            model_name='chargeback',
            constraint=models.UniqueConstraint(fields=('gateway', 'gateway_ref', 'hold'), name='chargeback_once'),
        ),
        migrations.AddConstraint(
            model_name='chargeback',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='chargeback_positive'),
        ),
        migrations.AddIndex(
            model_name='statementline',
            index=models.Index(fields=['gateway', 'status', 'at'], name='statement_line_work'),
        ),
        migrations.AddConstraint(
            model_name='statementline',
            constraint=models.UniqueConstraint(fields=('gateway', 'ext_id'), name='statement_line_once'),
        ),
        migrations.AddConstraint(
            model_name='statementline',
            constraint=models.UniqueConstraint(condition=models.Q(('transfer_id__isnull', False)), fields=('transfer_id',), name='statement_clears_once'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.UniqueConstraint(condition=models.Q(('line__isnull', False)), fields=('gateway', 'problem', 'line'), name='ticket_once_per_line'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.UniqueConstraint(condition=models.Q(('line__isnull', True), ('transfer_id__isnull', False)), fields=('gateway', 'problem', 'transfer_id'), name='ticket_once_per_transfer'),
        ),
    ]
