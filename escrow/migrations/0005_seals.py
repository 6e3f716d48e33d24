"""Seals over the books. PostgreSQL also writes the transaction's number to each transfer, for the sealer's order."""

from django.db import migrations, models

from core.append_only import guard, unguard

SEALS = ("escrow_sealed", "escrow_sealednode", "escrow_checkpoint")
TXID = """
ALTER TABLE escrow_transfer ADD COLUMN txid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX transfer_txid ON escrow_transfer (txid, id);
"""


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(TXID)
    for table in SEALS:
        guard(schema_editor.connection, table)


def backwards(apps, schema_editor):
    for table in SEALS:
        unguard(schema_editor.connection, table)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE escrow_transfer DROP COLUMN txid")


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0004_read_in_order'),
    ]

    operations = [
        migrations.CreateModel(
            name='Sealed',
            fields=[
                ('seq', models.BigIntegerField(primary_key=True, serialize=False)),
                ('transfer_id', models.BigIntegerField(unique=True)),
                ('leaf', models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('size', models.BigIntegerField(primary_key=True, serialize=False)),
                ('root', models.BinaryField(max_length=32)),
                ('note', models.TextField()),
                ('epoch', models.PositiveIntegerField(default=0)),
                ('system', models.CharField(blank=True, max_length=24)),
                ('last_txid', models.BigIntegerField(default=0)),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['at'], name='checkpoint_at')],
            },
        ),
        migrations.CreateModel(
            name='SealedNode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.PositiveSmallIntegerField()),
                ('place', models.BigIntegerField()),
                ('hash', models.BinaryField(max_length=32)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('level', 'place'), name='sealed_node_once')],
            },
        ),
        migrations.RunPython(forwards, backwards),
    ]
