"""An event is one row until its effects are performed, and a deadline is leased without touching an index."""

import django.db.models.deletion
from django.db import migrations, models


def leave_room(apps, schema_editor):
    """A lease changes no indexed column: with room on its page the row stays where the indexes know it to be."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE core_deadline SET (fillfactor = 50)")


def leave_none(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE core_deadline RESET (fillfactor)")


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_audit_seals'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='auditentry',
            name='audit_subject',
        ),
        migrations.AddField(
            model_name='outboxevent',
            name='owes',
            field=models.CharField(blank=True, db_default='', default='', max_length=500),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='core.outboxevent'),
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(condition=models.Q(('order_id__isnull', True)), fields=['subject_type', 'subject', 'id'], name='audit_subject'),
        ),
        migrations.AddIndex(
            model_name='outboxevent',
            index=models.Index(condition=models.Q(('owes', ''), _negated=True), fields=['id'], name='event_owes'),
        ),
        migrations.RunPython(leave_room, leave_none),
    ]
