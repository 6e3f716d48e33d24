"""The sandbox bank's own memory: charges and the notices it owes."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models


class SandboxCharge(models.Model):
    """The sandbox bank's own book of payments, refunds and transfers: the other side of the wire."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10)  # payment, refund, payout
    key = models.CharField(max_length=120)  # our idempotency key at the bank
    reference = models.CharField(max_length=80, unique=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=12)  # open, paid, declined, closed, pending, done, failed, returned
    paid_minor = models.BigIntegerField(default=0)
    paid_currency = models.CharField(max_length=3, blank=True)
    movements = models.JSONField(default=list)  # [{"ref", "minor", "currency", "at"}]: each arrival of money
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "key"], name="sandbox_charge_once")]


class SandboxNotice(models.Model):
    """A notice the sandbox bank owes the shop; sent over HTTP, retried until it is answered with 2xx."""

    charge = models.ForeignKey(SandboxCharge, models.CASCADE, related_name="notices")
    event_id = models.CharField(max_length=80)
    body = models.TextField()
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=200, blank=True)
