"""Orders: one per store under one payment."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from core.ids import timed_id
from core.money import Money
from shop.models.catalogue import Product, Variant
from shop.models.stores import Store, in_language
from shop.states import OPEN_ORDER, PACKED, OrderStatus


class Order(models.Model):
    """A deal. Its row is the mutex of everything that hangs on it: lock it first."""

    id = models.UUIDField(primary_key=True, default=timed_id, editable=False)
    number = models.CharField(max_length=20, unique=True)  # for people: date and random digits
    # Without an index of their own: those below begin with buyer and store, and nobody asks for all orders of a policy.
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="orders", db_index=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="orders", db_index=False)
    payment = models.ForeignKey("escrow.Payment", models.PROTECT, null=True, related_name="orders")
    policy = models.ForeignKey("core.Policy", models.PROTECT, db_index=False)
    kind = models.CharField(max_length=10, default="physical")
    status = models.CharField(max_length=10, choices=OrderStatus, default=OrderStatus.PENDING)
    in_case = models.BooleanField(default=False)  # an after-sale case is open; written with the case's own state
    currency = models.CharField(max_length=3, default="CNY")
    items_minor = models.PositiveBigIntegerField()
    shipping_minor = models.PositiveBigIntegerField(default=0)
    discount_minor = models.PositiveBigIntegerField(default=0)  # what its coupon takes off the items
    coupon_code = models.CharField(max_length=20, blank=True)
    total_minor = models.PositiveBigIntegerField()  # what is paid, held, released and refunded
    fee_bps = models.PositiveIntegerField()  # the platform's fee, printed beforehand and frozen here
    address = models.JSONField()  # accounts.Address.as_snapshot() at purchase
    note = models.CharField(max_length=200, blank=True)
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    is_trial = models.BooleanField(default=False)  # a merchant's own test purchase: proves the payout, counts nowhere
    extended = models.PositiveSmallIntegerField(default=0)  # how often the buyer has extended his inspection time

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    total_minor=F("items_minor") + F("shipping_minor") - F("discount_minor"),
                    total_minor__gt=0,
                    discount_minor__lte=F("items_minor"),
                ),
                name="order_total_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(discount_minor=0, coupon_code="") | (Q(discount_minor__gt=0) & ~Q(coupon_code="")),
                name="order_discount_by_coupon",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["buyer", "-placed_at", "-id"], name="order_buyer"),
            models.Index(fields=["store", "-placed_at", "-id"], name="order_store"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("shop:order", args=[self.number])

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def discount(self) -> Money:
        return Money(self.discount_minor, self.currency)

    @property
    def display_status(self) -> str:
        """The state in words: what no carrier has seen yet is not on its way."""
        is_packed = self.status == OrderStatus.SHIPPED and self.shipped_at is None
        return str(PACKED) if is_packed else self.get_status_display()

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_ORDER


class OpenOrder(models.Model):
    """An order that is not over yet: how the open ones are found. Written by triggers (``shop.open_orders``) alone."""

    order = models.OneToOneField(Order, models.CASCADE, primary_key=True, related_name="open")
    store = models.ForeignKey(Store, models.DO_NOTHING, related_name="+", db_constraint=False)


class OrderLine(models.Model):
    """One item with the promise under which it was bought (E9)."""

    id = models.UUIDField(primary_key=True, default=timed_id, editable=False)
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT)
    variant = models.ForeignKey(Variant, models.PROTECT)
    title = models.CharField(max_length=120)
    title_en = models.CharField(max_length=120, blank=True)
    variant_name = models.CharField(max_length=60, blank=True)
    variant_name_en = models.CharField(max_length=60, blank=True)
    thumb = models.CharField(max_length=200, blank=True)
    unit_minor = models.PositiveBigIntegerField()
    quantity = models.PositiveIntegerField()
    total_minor = models.PositiveBigIntegerField()
    discount_minor = models.PositiveBigIntegerField(default=0)  # its share of the order's discount
    currency = models.CharField(max_length=3, default="CNY")
    promise_version = models.PositiveIntegerField()  # ProductVersion.version that was on the page

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0, total_minor=F("unit_minor") * F("quantity")), name="order_line_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(discount_minor__lte=F("total_minor")), name="order_line_discount_within_it"
            ),
        ]

    @property
    def display_title(self) -> str:
        return in_language(self.title, self.title_en)

    @property
    def display_variant(self) -> str:
        return in_language(self.variant_name, self.variant_name_en)

    @property
    def thumb_url(self) -> str:
        return f"{settings.MEDIA_URL}{self.thumb}" if self.thumb else ""

    @property
    def unit(self) -> Money:
        return Money(self.unit_minor, self.currency)

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def discount(self) -> Money:
        return Money(self.discount_minor, self.currency)

    @property
    def paid(self) -> Money:
        """What was paid for it, without shipping."""
        return self.total - self.discount


class Sale(models.Model):
    """
    Pieces sold that ``Product.sold`` does not count yet: written when orders complete, added up soon after.

    A product's row is wide and has many indexes, and everybody who sells it would wait for it; this one is neither.
    """

    product = models.ForeignKey(Product, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    pieces = models.PositiveIntegerField()
