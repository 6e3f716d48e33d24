"""Seals over the audit trail, written once themselves."""

from django.db import migrations, models

from core.append_only import guard, unguard

TABLE = "core_auditseal"


def forwards(apps, schema_editor):
    guard(schema_editor.connection, TABLE)


def backwards(apps, schema_editor):
    unguard(schema_editor.connection, TABLE)


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditMark',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('to_id', models.BigIntegerField()),
                ('horizon', models.BigIntegerField()),
                ('seen_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='audit_mark_single_row')],
            },
        ),
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_id', models.BigIntegerField(unique=True)),
                ('to_id', models.BigIntegerField(unique=True)),
                ('count', models.PositiveIntegerField()),
                ('digest', models.BinaryField()),
                ('head', models.BinaryField()),
                ('signature', models.BinaryField()),
                ('rows', models.BinaryField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('to_id__gte', models.F('from_id'))), name='audit_seal_range')],
            },
        ),
        migrations.RunPython(forwards, backwards),
    ]
