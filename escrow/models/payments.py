"""What buyers pay: payments, each arrival of money, and what providers have told us."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.ids import timed_id
from core.money import Money
from escrow.states import Parked, PaymentStatus, ReceiptOutcome


class Payment(models.Model):
    """One checkout's payment, for one or more orders (their ``payment`` points here)."""

    id = models.UUIDField(primary_key=True, default=timed_id, editable=False)
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="payments")
    gateway = models.CharField(max_length=20)
    reference = models.CharField(max_length=80, blank=True)  # the provider's own number of it
    status = models.CharField(max_length=10, choices=PaymentStatus, default=PaymentStatus.OPEN)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="CNY")
    declined_reason = models.CharField(max_length=200, blank=True)  # why the last try failed, for the buyer
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    unfrozen_at = models.DateTimeField(null=True)  # when its provider let go of all that it kept frozen of it

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_positive"),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class OtherWay(models.Model):
    """
    A provider at which a payment was begun before its buyer chose another: its number there.

    Money may still come by it, so it is asked and closed like the one that the payment itself names.
    """

    payment = models.ForeignKey(Payment, models.CASCADE, related_name="other_ways")
    gateway = models.CharField(max_length=20)
    reference = models.CharField(max_length=80)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["payment", "gateway"], name="other_way_once"),
            models.UniqueConstraint(fields=["gateway", "reference"], name="other_way_number"),
        ]


class Receipt(models.Model):
    """Money that a provider says has arrived: applied to its orders, parked for staff, or sent back; never lost."""

    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="receipts")
    gateway = models.CharField(max_length=20)
    gateway_ref = models.CharField(max_length=80)  # the provider's number of this one movement of money
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    outcome = models.CharField(max_length=10, choices=ReceiptOutcome)
    reason = models.CharField(max_length=40, blank=True)  # wrong_amount, wrong_currency, late, twice, unknown
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["gateway", "gateway_ref"], name="receipt_once"),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def reason_text(self) -> str:
        """Why it was parked, for people."""
        return str(dict(Parked.choices).get(self.reason, self.reason))


class Inbox(models.Model):
    """Provider notices as they came, verified on the raw bytes, processed from here."""

    provider = models.CharField(max_length=20)
    event_id = models.CharField(max_length=120)
    raw_body = models.BinaryField()
    headers = models.JSONField(default=dict)
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="inbox_once"),
        ]
