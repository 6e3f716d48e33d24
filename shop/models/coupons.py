"""Coupons: a store's promise to take something off, and who has made use of it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.money import Money
from shop.models.catalogue import Category, Product
from shop.models.orders import Order
from shop.models.stores import Store, in_language
from shop.states import CouponStatus, UseStatus

ALL_BPS = 10_000


class Coupon(models.Model):
    """
    Borne by its store: the order's price is lower, and so is all that follows from it.

    An amount or a share is taken off what its goods cost; without products and categories these are all the store's.
    Terms change only while it is a draft. ``used`` counts the uses that are reserved or spent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="coupons")
    code = models.CharField(_("code"), max_length=20)  # capital letters and digits, one of its kind in its store
    name = models.CharField(_("name of the coupon"), max_length=40)
    name_en = models.CharField(_("English name"), max_length=40, blank=True)
    status = models.CharField(max_length=8, choices=CouponStatus, default=CouponStatus.DRAFT)
    currency = models.CharField(max_length=3, default="CNY")
    off_minor = models.PositiveBigIntegerField(_("amount off"), null=True, blank=True)
    off_bps = models.PositiveIntegerField(_("share off"), null=True, blank=True)
    cap_minor = models.PositiveBigIntegerField(_("at most"), null=True, blank=True)  # of a share
    minimum_minor = models.PositiveBigIntegerField(_("from a sum of"), default=0)  # of the goods it is for
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    use_limit = models.PositiveIntegerField(_("uses in all"), null=True, blank=True)
    per_member = models.PositiveSmallIntegerField(_("uses per person"), default=1)
    is_public = models.BooleanField(_("shown to everybody"), default=True)  # else only to who knows the code
    products = models.ManyToManyField(Product, blank=True, related_name="+")
    categories = models.ManyToManyField(Category, blank=True, related_name="+")
    used = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "code"], name="coupon_code_once"),
            models.CheckConstraint(
                # Said twice: what is compared with nothing is unknown, and a check lets the unknown pass.
                condition=Q(off_minor__isnull=False, off_minor__gt=0, off_bps__isnull=True, cap_minor__isnull=True)
                | Q(off_minor__isnull=True, off_bps__isnull=False, off_bps__gt=0, off_bps__lte=ALL_BPS),
                name="coupon_takes_an_amount_or_a_share",
            ),
            models.CheckConstraint(
                condition=Q(cap_minor__isnull=True) | Q(cap_minor__gt=0), name="coupon_cap_positive"
            ),
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="coupon_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(per_member__gte=1), name="coupon_per_member"),
            models.CheckConstraint(
                condition=Q(use_limit__isnull=True) | Q(use_limit__gte=1, used__lte=F("use_limit")),
                name="coupon_within_its_limit",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["store", "status", "ends_at"], name="coupon_store")]

    def __str__(self) -> str:
        return self.code

    @property
    def display_name(self) -> str:
        return in_language(self.name, self.name_en)

    @property
    def minimum(self) -> Money:
        return Money(self.minimum_minor, self.currency)

    @property
    def is_used_up(self) -> bool:
        return self.use_limit is not None and self.used >= self.use_limit

    def is_in_time(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at


class CouponClaim(models.Model):
    """A coupon that a member has taken for later: it stands on his page, a private one is offered to him."""

    coupon = models.ForeignKey(Coupon, models.CASCADE, related_name="claims")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="coupon_claims")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["coupon", "user"], name="coupon_claim_once")]


class CouponUse(models.Model):
    """
    One use by one order: reserved while it is unpaid, spent once its money is held, returned with the whole of it.

    ``turn`` is which of a person's uses it is: the database refuses a second one under the same number.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="uses")
    order = models.OneToOneField(Order, models.PROTECT, related_name="coupon_use")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    turn = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=8, choices=UseStatus, default=UseStatus.RESERVED)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="CNY")
    reserved_at = models.DateTimeField()
    expires_at = models.DateTimeField()  # when its order must be paid; closing that order gives the use back
    spent_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["coupon", "user", "turn"], condition=~Q(status=UseStatus.RETURNED), name="coupon_use_once"
            ),
            models.CheckConstraint(condition=Q(turn__gte=1, amount_minor__gt=0), name="coupon_use_of_something"),
        ]
        indexes: ClassVar = [models.Index(fields=["coupon", "-reserved_at"], name="coupon_use_coupon")]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
