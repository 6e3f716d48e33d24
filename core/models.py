"""Tables that everybody shares: audit, outbox, deadlines, policies, request keys, the sandbox clock, jobs."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q


class AuditEntry(models.Model):
    """Who did what, when, why. Written once; database triggers refuse changes."""

    at = models.DateTimeField()
    user_id = models.UUIDField(null=True)
    device_id = models.UUIDField(null=True)
    act = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=30)
    subject = models.CharField(max_length=64)
    order_id = models.UUIDField(null=True)  # the deal it belongs to, so that an order page reads its story at once
    reason = models.CharField(max_length=500, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [
            # What belongs to a deal is read with the deal.
            models.Index(
                fields=["subject_type", "subject", "id"], name="audit_subject", condition=Q(order_id__isnull=True)
            ),
            models.Index(fields=["order_id", "id"], name="audit_order", condition=Q(order_id__isnull=False)),
        ]


class AuditSeal(models.Model):
    """A range of audit entries as they were: a link of a signed chain (``core.audit_seal``). Written once."""

    from_id = models.BigIntegerField(unique=True)
    to_id = models.BigIntegerField(unique=True)
    count = models.PositiveIntegerField()
    digest = models.BinaryField()  # SHA-256 over the digests of the rows
    head = models.BinaryField()  # over the head before, the range and the digest
    signature = models.BinaryField()
    rows = models.BinaryField()  # id and beginning of the digest of each row, so that a check can name it
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(to_id__gte=models.F("from_id")), name="audit_seal_range"),
        ]


class AuditMark(models.Model):
    """Where the next seal may end, once all transactions of that moment have ended (PostgreSQL); a single row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    to_id = models.BigIntegerField()
    horizon = models.BigIntegerField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="audit_mark_single_row")]


class OutboxEvent(models.Model):
    """
    Something that happened, written in the transaction in which it happened.

    ``owes``: the reactions it is still to be told to, with commas between; empty once each has its delivery.
    """

    name = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    at = models.DateTimeField()
    owes = models.CharField(max_length=500, blank=True, default="", db_default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["id"], name="event_owes", condition=~Q(owes=""))]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"


class Delivery(models.Model):
    """One reaction owed to one event; retried alone until done or given up (``dead_at``)."""

    event = models.ForeignKey(OutboxEvent, models.CASCADE, related_name="deliveries", db_index=False)
    reaction = models.CharField(max_length=80)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "reaction"], name="delivery_once_per_event"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at", "id"],
                name="delivery_due",
                condition=Q(done_at__isnull=True, dead_at__isnull=True),
            ),
        ]


class Deadline(models.Model):
    """An instant at which something happens by itself, unless it is paused or cancelled first."""

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=64)
    due_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True)
    pause_reason = models.CharField(max_length=60, blank=True)
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject"], name="deadline_one_open", condition=Q(done_at__isnull=True)
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["kind", "due_at", "id"],
                name="deadline_due",
                condition=Q(done_at__isnull=True, paused_at__isnull=True),
            ),
            models.Index(fields=["subject"], name="deadline_subject"),
        ]


class Policy(models.Model):
    """One version of the rules for one order kind (MISSION.md, default policies); an order keeps its version."""

    kind = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    values = models.JSONField()
    created_at = models.DateTimeField()
    author_id = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "version"], name="policy_version"),
        ]


class IdempotencyKey(models.Model):
    """A request that must happen once, with its answer to be given again."""

    scope = models.CharField(max_length=80)
    key = models.CharField(max_length=80)
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    response = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_once")]


class ClockOffset(models.Model):
    """How far the sandbox clock runs ahead; a single row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seconds = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="clock_single_row")]


class Job(models.Model):
    """Long work with progress, a result and a report."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    owner_id = models.UUIDField()
    status = models.CharField(max_length=12, default="queued")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
