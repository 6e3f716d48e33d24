"""Proofs of custody: roots are kept for ever, the leaves of the newest proof only."""

import django.db.models.deletion
from django.db import migrations, models

from core.append_only import guard, unguard


def forwards(apps, schema_editor):
    guard(schema_editor.connection, "escrow_custodyproof")


def backwards(apps, schema_editor):
    unguard(schema_editor.connection, "escrow_custodyproof")


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0005_seals'),
    ]

    operations = [
        migrations.CreateModel(
            name='CustodyProof',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('currency', models.CharField(max_length=3)),
                ('holds', models.BigIntegerField()),
                ('held_minor', models.BigIntegerField()),
                ('root', models.BinaryField(max_length=32)),
                ('owed', models.JSONField()),
                ('balances', models.JSONField()),
                ('note', models.TextField()),
            ],
            options={
                'indexes': [models.Index(fields=['currency', '-id'], name='custody_newest')],
            },
        ),
        migrations.CreateModel(
            name='CustodyNode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.PositiveSmallIntegerField()),
                ('place', models.BigIntegerField()),
                ('minor', models.BigIntegerField()),
                ('hash', models.BinaryField(max_length=32)),
                ('proof', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='nodes', to='escrow.custodyproof')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('proof', 'level', 'place'), name='custody_node_once')],
            },
        ),
        migrations.CreateModel(
            name='CustodyLeaf',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.BigIntegerField()),
                ('hold_id', models.BigIntegerField()),
                ('minor', models.BigIntegerField()),
                ('hash', models.BinaryField(max_length=32)),
                ('proof', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='leaves', to='escrow.custodyproof')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('proof', 'place'), name='custody_place_once'), models.UniqueConstraint(fields=('hold_id', 'proof'), name='custody_hold_once')],
            },
        ),
        migrations.RunPython(forwards, backwards),
    ]
