
import core.sealed
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shop', '0006_sales_are_added_up'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ApplicationStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=12)),
                ('status', models.CharField(choices=[('saved', 'Saved'), ('returned', 'Sent back'), ('accepted', 'Accepted')], default='saved', max_length=10)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='StoreApplication',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('draft', 'Being filled in'), ('submitted', 'In review'), ('returned', 'Sent back for correction'), ('approved', 'Approved'), ('refused', 'Refused'), ('lapsed', 'Lapsed: nothing was sent in')], default='draft', max_length=10)),
                ('kind', models.CharField(blank=True, choices=[('person', 'A person who runs a small business in his own name'), ('company', 'A company')], max_length=8)),
                ('person_name', models.CharField(blank=True, max_length=60)),
                ('id_number', core.sealed.SealedField(null=True)),
                ('id_index', models.CharField(blank=True, max_length=64)),
                ('legal_name', models.CharField(blank=True, max_length=100)),
                ('licence_number', core.sealed.SealedField(null=True)),
                ('licence_index', models.CharField(max_length=64, null=True)),
                ('permits', models.JSONField(default=list)),
                ('categories', models.JSONField(default=list)),
                ('brands', models.JSONField(default=list)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField()),
                ('submitted_at', models.DateTimeField(null=True)),
                ('returned_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('reminders', models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='StoreCheck',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('open', 'To be looked at'), ('passed', 'In order'), ('failed', 'Not in order')], default='open', max_length=8)),
                ('is_spot', models.BooleanField(default=False)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('opened_by', models.UUIDField(null=True)),
                ('opened_at', models.DateTimeField()),
                ('finding', models.CharField(blank=True, max_length=500)),
                ('closed_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='StoreDocument',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('id_front', 'Identity card, side with the photo'), ('id_back', 'Identity card, side with the emblem'), ('licence', 'Business licence'), ('permit', 'Permit'), ('brand', 'Brand authorisation')], max_length=10)),
                ('permit', models.CharField(blank=True, choices=[('food', 'Food business permit'), ('publications', 'Permit to sell publications'), ('medical', 'Filing for medical devices'), ('toys', 'Compulsory certification (CCC) for toys'), ('cosmetics', 'Filing for cosmetics')], max_length=12)),
                ('brand', models.CharField(blank=True, max_length=60)),
                ('status', models.CharField(choices=[('saved', 'Saved'), ('review', 'In review'), ('returned', 'Sent back'), ('accepted', 'Accepted'), ('expired', 'Expired'), ('replaced', 'Replaced by a newer one'), ('removed', 'Removed')], default='saved', max_length=10)),
                ('media_type', models.CharField(max_length=40)),
                ('size', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('path', models.CharField(max_length=100)),
                ('key', core.sealed.FileKeyField()),
                ('copy_path', models.CharField(blank=True, max_length=100)),
                ('copy_key', core.sealed.FileKeyField(null=True)),
                ('valid_until', models.DateField(null=True)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('uploaded_by', models.UUIDField()),
                ('uploaded_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='StoreEnding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500)),
                ('refund_unshipped', models.BooleanField()),
                ('proposed_by', models.UUIDField()),
                ('proposed_at', models.DateTimeField()),
                ('signed_by', models.UUIDField(null=True)),
                ('signed_at', models.DateTimeField(null=True)),
                ('needs_two', models.BooleanField()),
            ],
        ),
        migrations.CreateModel(
            name='StoreInvitation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('manager', 'Manager'), ('shipper', 'Shipper'), ('support', 'Support'), ('finance', 'Finance')], max_length=8)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('phone', models.CharField(blank=True, max_length=16)),
                ('status', models.CharField(choices=[('open', 'Waiting for an answer'), ('accepted', 'Accepted'), ('revoked', 'Taken back'), ('expired', 'Expired')], default='open', max_length=10)),
                ('invited_by', models.UUIDField()),
                ('invited_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('answered_by', models.UUIDField(null=True)),
                ('answered_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='StoreMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('manager', 'Manager'), ('shipper', 'Shipper'), ('support', 'Support'), ('finance', 'Finance')], max_length=8)),
                ('joined_at', models.DateTimeField()),
                ('left_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveIndex(
            model_name='store',
            name='store_closed',
        ),
        migrations.AddField(
            model_name='category',
            name='permit',
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name='order',
            name='is_trial',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='store',
            name='may_sell',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='store',
            name='status',
            field=models.CharField(choices=[('applying', 'Not approved yet'), ('approved', 'Approved'), ('suspended', 'Suspended'), ('ending', 'Cooperation is ending'), ('ended', 'Cooperation has ended')], default='applying', max_length=10),
        ),
        migrations.AlterField(
            model_name='product',
            name='status',
            field=models.CharField(choices=[('draft', 'Draft'), ('listed', 'On sale'), ('unlisted', 'Off the shelf'), ('stopped', 'Stopped: a permit is missing'), ('deleted', 'In the bin')], default='draft', max_length=10),
        ),
        migrations.AddIndex(
            model_name='store',
            index=models.Index(condition=models.Q(('is_open', False), ('may_sell', False), _connector='OR'), fields=['id'], name='store_shut'),
        ),
        migrations.AddConstraint(
            model_name='store',
            constraint=models.CheckConstraint(condition=models.Q(('may_sell', False), ('status', 'approved'), _connector='OR'), name='store_sells_if_approved'),
        ),
        migrations.AddField(
            model_name='storeapplication',
            name='reviewer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='storeapplication',
            name='store',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='application', to='shop.store'),
        ),
        migrations.AddField(
            model_name='applicationstep',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='shop.storeapplication'),
        ),
        migrations.AddField(
            model_name='storecheck',
            name='reviewer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='storecheck',
            name='store',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='checks', to='shop.store'),
        ),
        migrations.AddField(
            model_name='storedocument',
            name='replaces',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shop.storedocument'),
        ),
        migrations.AddField(
            model_name='storedocument',
            name='reviewer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='storedocument',
            name='store',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='shop.store'),
        ),
        migrations.AddField(
            model_name='storeending',
            name='store',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='ending', to='shop.store'),
        ),
        migrations.AddField(
            model_name='storeinvitation',
            name='store',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='shop.store'),
        ),
        migrations.AddField(
            model_name='storemember',
            name='store',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='shop.store'),
        ),
        migrations.AddField(
            model_name='storemember',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='storeapplication',
            index=models.Index(condition=models.Q(('status', 'submitted')), fields=['submitted_at'], name='application_queue'),
        ),
        migrations.AddConstraint(
            model_name='storeapplication',
            constraint=models.UniqueConstraint(fields=('licence_index',), name='licence_number_once'),
        ),
        migrations.AddConstraint(
            model_name='storeapplication',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'submitted'), _negated=True), ('submitted_at__isnull', False), _connector='OR'), name='application_submitted_at'),
        ),
        migrations.AddConstraint(
            model_name='applicationstep',
            constraint=models.UniqueConstraint(fields=('application', 'key'), name='application_step_once'),
        ),
        migrations.AddConstraint(
            model_name='storecheck',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('store',), name='check_one_open'),
        ),
        migrations.AddIndex(
            model_name='storedocument',
            index=models.Index(fields=['store', 'kind'], name='document_store'),
        ),
        migrations.AddIndex(
            model_name='storedocument',
            index=models.Index(condition=models.Q(('status', 'review')), fields=['uploaded_at'], name='document_queue'),
        ),
        migrations.AddConstraint(
            model_name='storedocument',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'permit'), _negated=True), models.Q(('permit', ''), _negated=True), _connector='OR'), name='document_permit_says_which'),
        ),
        migrations.AddConstraint(
            model_name='storedocument',
            constraint=models.CheckConstraint(condition=models.Q(('copy_path', ''), ('copy_key__isnull', False), _connector='OR'), name='document_copy_has_key'),
        ),
        migrations.AddConstraint(
            model_name='storeending',
            constraint=models.CheckConstraint(condition=models.Q(('signed_by__isnull', True), ('needs_two', False), models.Q(('signed_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='ending_needs_two'),
        ),
        migrations.AddConstraint(
            model_name='storeinvitation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('email', ''), ('phone__gt', '')), models.Q(('email__gt', ''), ('phone', '')), _connector='OR'), name='invitation_to_one'),
        ),
        migrations.AddConstraint(
            model_name='storeinvitation',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('store', 'email', 'phone'), name='invitation_one_open'),
        ),
        migrations.AddConstraint(
            model_name='storemember',
            constraint=models.UniqueConstraint(condition=models.Q(('left_at__isnull', True)), fields=('user', 'store'), name='member_once'),
        ),
        migrations.AddConstraint(
            model_name='storemember',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'manager', 'shipper', 'support', 'finance'])), name='member_role_known'),
        ),
    ]
