"""Money on its way to merchants."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from core.money import Money
from core.sealed import SealedField
from escrow.models.ledger import Account
from escrow.states import PayoutStatus


class PayoutAccount(models.Model):
    """Where a store's money goes. The number lies sealed; pages show the last four digits."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store_id = models.UUIDField()
    bank = models.CharField(max_length=60)
    holder = models.CharField(max_length=60)
    number = SealedField()
    last4 = models.CharField(max_length=4)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store_id"], condition=Q(is_active=True), name="payout_account_one_active"),
        ]


class Payout(models.Model):
    """A store's balance on its way to the bank."""

    store_id = models.UUIDField()
    merchant = models.ForeignKey(Account, models.PROTECT, related_name="+")
    destination = models.ForeignKey(PayoutAccount, models.PROTECT)
    gateway = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=PayoutStatus, default=PayoutStatus.PREPARED)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    gateway_ref = models.CharField(max_length=80, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_positive"),
        ]
        indexes: ClassVar = [models.Index(fields=["store_id", "-created_at"], name="payout_store")]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
