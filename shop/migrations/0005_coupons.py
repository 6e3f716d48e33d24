"""Coupons, their uses, and the discount of an order and its lines."""


import django.db.models.deletion
import django.db.models.expressions
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_append_only'),
        ('escrow', '0008_journal'),
        ('shop', '0004_count_from_an_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Coupon',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=20, verbose_name='code')),
                ('name', models.CharField(max_length=40, verbose_name='name of the coupon')),
                ('name_en', models.CharField(blank=True, max_length=40, verbose_name='English name')),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('running', 'Running'), ('paused', 'Paused'), ('ended', 'Ended')], default='draft', max_length=8)),
                ('currency', models.CharField(default='CNY', max_length=3)),
                ('off_minor', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='amount off')),
                ('off_bps', models.PositiveIntegerField(blank=True, null=True, verbose_name='share off')),
                ('cap_minor', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='at most')),
                ('minimum_minor', models.PositiveBigIntegerField(default=0, verbose_name='from a sum of')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('use_limit', models.PositiveIntegerField(blank=True, null=True, verbose_name='uses in all')),
                ('per_member', models.PositiveSmallIntegerField(default=1, verbose_name='uses per person')),
                ('is_public', models.BooleanField(default=True, verbose_name='shown to everybody')),
                ('used', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='CouponClaim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='CouponUse',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('turn', models.PositiveSmallIntegerField()),
                ('status', models.CharField(choices=[('reserved', 'Reserved'), ('spent', 'Used'), ('returned', 'Given back')], default='reserved', max_length=8)),
                ('amount_minor', models.PositiveBigIntegerField()),
                ('currency', models.CharField(default='CNY', max_length=3)),
                ('reserved_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('spent_at', models.DateTimeField(null=True)),
                ('returned_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='order',
            name='order_total_adds_up',
        ),
        migrations.AddField(
            model_name='order',
            name='coupon_code',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='order',
            name='discount_minor',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='orderline',
            name='discount_minor',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('discount_minor__lte', models.F('items_minor')), ('total_minor', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('items_minor'), '+', models.F('shipping_minor')), '-', models.F('discount_minor'))), ('total_minor__gt', 0)), name='order_total_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('coupon_code', ''), ('discount_minor', 0)), models.Q(('discount_minor__gt', 0), models.Q(('coupon_code', ''), _negated=True)), _connector='OR'), name='order_discount_by_coupon'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('discount_minor__lte', models.F('total_minor'))), name='order_line_discount_within_it'),
        ),
        migrations.AddField(
            model_name='coupon',
            name='categories',
            field=models.ManyToManyField(blank=True, related_name='+', to='shop.category'),
        ),
        migrations.AddField(
            model_name='coupon',
            name='products',
            field=models.ManyToManyField(blank=True, related_name='+', to='shop.product'),
        ),
        migrations.AddField(
            model_name='coupon',
            name='store',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='coupons', to='shop.store'),
        ),
        migrations.AddField(
            model_name='couponclaim',
            name='coupon',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='claims', to='shop.coupon'),
        ),
        migrations.AddField(
            model_name='couponclaim',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='coupon_claims', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='couponuse',
            name='coupon',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='shop.coupon'),
        ),
        migrations.AddField(
            model_name='couponuse',
            name='order',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='coupon_use', to='shop.order'),
        ),
        migrations.AddField(
            model_name='couponuse',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='coupon',
            index=models.Index(fields=['store', 'status', 'ends_at'], name='coupon_store'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.UniqueConstraint(fields=('store', 'code'), name='coupon_code_once'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cap_minor__isnull', True), ('off_bps__isnull', True), ('off_minor__gt', 0), ('off_minor__isnull', False)), models.Q(('off_bps__gt', 0), ('off_bps__isnull', False), ('off_bps__lte', 10000), ('off_minor__isnull', True)), _connector='OR'), name='coupon_takes_an_amount_or_a_share'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(('cap_minor__isnull', True), ('cap_minor__gt', 0), _connector='OR'), name='coupon_cap_positive'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(('starts_at__lt', models.F('ends_at'))), name='coupon_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(('per_member__gte', 1)), name='coupon_per_member'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(('use_limit__isnull', True), models.Q(('use_limit__gte', 1), ('used__lte', models.F('use_limit'))), _connector='OR'), name='coupon_within_its_limit'),
        ),
        migrations.AddConstraint(
            model_name='couponclaim',
            constraint=models.UniqueConstraint(fields=('coupon', 'user'), name='coupon_claim_once'),
        ),
        migrations.AddIndex(
            model_name='couponuse',
            index=models.Index(fields=['coupon', '-reserved_at'], name='coupon_use_coupon'),
        ),
        migrations.AddConstraint(
            model_name='couponuse',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'returned'), _negated=True), fields=('coupon', 'user', 'turn'), name='coupon_use_once'),
        ),
        migrations.AddConstraint(
            model_name='couponuse',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0), ('turn__gte', 1)), name='coupon_use_of_something'),
        ),
    ]
