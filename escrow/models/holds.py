"""Money in custody, and its way back."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from core.money import Money
from escrow.models.compensations import Compensation
from escrow.models.ledger import Account
from escrow.models.payments import Payment, Receipt
from escrow.states import HoldStatus, RefundStatus


class Hold(models.Model):
    """One order's money in escrow. CHECK and guarded updates decide every race."""

    order = models.OneToOneField("shop.Order", models.PROTECT, related_name="hold")
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="holds")
    store_id = models.UUIDField()
    merchant = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)  # asked for by store
    status = models.CharField(max_length=10, choices=HoldStatus, default=HoldStatus.HELD)
    currency = models.CharField(max_length=3)
    amount_minor = models.PositiveBigIntegerField()
    released_minor = models.PositiveBigIntegerField(default=0)
    refunded_minor = models.PositiveBigIntegerField(default=0)
    fee_taken_minor = models.PositiveBigIntegerField(default=0)
    returned_minor = models.PositiveBigIntegerField(default=0)  # given back out of what was released, by the merchant
    fee_back_minor = models.PositiveBigIntegerField(default=0)  # the fee on that, given back to him
    fee_bps = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    warned_at = models.DateTimeField(null=True)  # when the last warning before release went out
    closed_at = models.DateTimeField(null=True)
    provider_deadline = models.DateTimeField(null=True)  # past it the provider lets go of the money by itself

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(released_minor__gte=0, refunded_minor__gte=0, fee_taken_minor__gte=0)
                & Q(amount_minor__gte=F("released_minor") + F("refunded_minor"))
                & Q(released_minor__gte=F("fee_taken_minor")),
                name="hold_never_overdrawn",
            ),
            models.CheckConstraint(
                condition=Q(released_minor__gte=F("returned_minor")) & Q(fee_taken_minor__gte=F("fee_back_minor")),
                name="hold_gives_back_no_more_than_left",
            ),
        ]
        indexes: ClassVar = [
            # None on the state: a release then touches the row alone. The open ones are those of open orders.
            models.Index(fields=["store_id", "opened_at", "id"], name="hold_store_oldest"),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def rest(self) -> Money:
        """What is still held."""
        return Money(self.amount_minor - self.released_minor - self.refunded_minor, self.currency)


class Refund(models.Model):
    """Money on its way back to a buyer: the intent is committed first, then the provider is asked."""

    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="refunds")
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, related_name="refunds")
    receipt = models.ForeignKey(Receipt, models.PROTECT, null=True, related_name="refunds")
    compensation = models.OneToOneField(Compensation, models.PROTECT, null=True, related_name="refund")
    gateway = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=RefundStatus, default=RefundStatus.PENDING)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=60)
    from_merchant = models.BooleanField(default=False)  # after the release: out of the store's balance, not the hold
    fee_back_minor = models.PositiveBigIntegerField(default=0)
    gateway_ref = models.CharField(max_length=80, blank=True)
    attempt = models.PositiveSmallIntegerField(default=1)  # a retry after a definite failure asks under a new key
    failure = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_positive"),
            models.CheckConstraint(
                condition=Q(hold__isnull=False, receipt__isnull=True, compensation__isnull=True)
                | Q(hold__isnull=True, receipt__isnull=False, compensation__isnull=True)
                | Q(hold__isnull=True, receipt__isnull=True, compensation__isnull=False, payment__isnull=False),
                name="refund_has_one_source",
            ),
            models.CheckConstraint(
                condition=Q(from_merchant=False) | Q(hold__isnull=False), name="refund_of_merchant_has_hold"
            ),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def order_id(self) -> uuid.UUID | None:
        return self.hold.order_id if self.hold else None
