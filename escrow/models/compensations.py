"""What the platform pays out of its own pocket to make good what happened to an account."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from core.money import Money
from escrow.models.payments import Payment
from escrow.states import CompensationStatus


class Compensation(models.Model):
    """
    One amount in one incident: to the balance of a store, or back to the payer of a payment.

    ``number`` counts those of its incident from one. Whoever decides says which is the next, so that two who decide at
    the same moment do not both pay.
    """

    incident = models.ForeignKey("accounts.Incident", models.PROTECT, related_name="compensations")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=CompensationStatus)
    store_id = models.UUIDField(null=True)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="compensations")
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=200)
    needs_two = models.BooleanField()  # as the limit stood when it was decided
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)  # the second person; who takes his own back is it too
    decided_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["incident", "number"], name="compensation_number"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="compensation_positive"),
            models.CheckConstraint(condition=Q(status__in=CompensationStatus.values), name="compensation_status"),
            models.CheckConstraint(
                condition=Q(store_id__isnull=False, payment__isnull=True)
                | Q(store_id__isnull=True, payment__isnull=False),
                name="compensation_one_target",
            ),
            models.CheckConstraint(
                condition=~Q(status="paid")
                | Q(needs_two=False)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="compensation_by_two",
            ),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def target(self) -> tuple[str, UUID]:
        """Where it goes: ``store`` or ``payment``, and which."""
        if self.store_id is not None:
            return "store", self.store_id
        assert self.payment_id is not None
        return "payment", self.payment_id
