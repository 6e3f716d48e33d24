"""Money that a payer's bank took back without asking us."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from core.money import Money
from escrow.models.holds import Hold
from escrow.models.payments import Payment
from escrow.states import ChargebackStatus


class Chargeback(models.Model):
    """
    One dispute at the provider. While it is open nothing more is refunded: the money has left already.

    ``taken_minor``: source → minor units it was booked from (escrow, merchant, receivable), so that a win can be
    booked back to where it came from.
    """

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="chargebacks")
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, related_name="chargebacks")
    gateway = models.CharField(max_length=20)
    gateway_ref = models.CharField(max_length=80)
    status = models.CharField(max_length=10, choices=ChargebackStatus, default=ChargebackStatus.OPEN)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=80, blank=True)  # the provider's word for it
    taken_minor = models.JSONField(default=dict)
    fee_back_minor = models.PositiveBigIntegerField(default=0)
    opened_at = models.DateTimeField()
    answer_by = models.DateTimeField(null=True)  # until when the provider takes evidence
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["gateway", "gateway_ref", "hold"], name="chargeback_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="chargeback_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.gateway_ref}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
