"""Cases, offers, evidence and rulings."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.money import Money
from core.sealed import FileKeyField
from disputes.states import OPEN_CASE, CaseStatus, Ground, Party, Remedy


class Case(models.Model):
    """A claim on an order's held money. One open case per order."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=20, unique=True)
    order = models.ForeignKey("shop.Order", models.PROTECT, related_name="cases")
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="cases")
    store_id = models.UUIDField()
    status = models.CharField(max_length=12, choices=CaseStatus, default=CaseStatus.OPEN)
    ground = models.CharField(max_length=20, choices=Ground)
    want = models.CharField(max_length=10, choices=Remedy)
    amount_minor = models.PositiveBigIntegerField()  # what the buyer asks for; 0 for exchange and resend
    currency = models.CharField(max_length=3)
    text = models.TextField(max_length=4000)
    mediator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="mediated")
    opened_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    refund_minor = models.PositiveBigIntegerField(null=True)  # what was agreed or ruled in the end
    order_status_before = models.CharField(max_length=10)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(status__in=[s.value for s in OPEN_CASE]), name="case_one_open_per_order"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["store_id", "status", "opened_at"], name="case_store"),
            models.Index(fields=["status", "escalated_at"], name="case_queue"),
            models.Index(fields=["buyer", "-opened_at"], name="case_buyer"),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_CASE


class Offer(models.Model):
    """What one side proposes. The last open one can be accepted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="offers")
    party = models.CharField(max_length=10, choices=Party)
    author_id = models.UUIDField(null=True)
    remedy = models.CharField(max_length=10, choices=Remedy)
    amount_minor = models.PositiveBigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    text = models.CharField(max_length=1000, blank=True)
    status = models.CharField(max_length=10, default="open")  # open, accepted, refused, replaced
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case"], condition=Q(status="open"), name="offer_one_open_per_case"),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Evidence(models.Model):
    """A picture or a statement, with who brought it and what it is meant to show."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="evidence")
    party = models.CharField(max_length=10, choices=Party)
    author_id = models.UUIDField(null=True)
    shows = models.CharField(max_length=200, blank=True)
    file = models.FileField(upload_to="evidence/case/", blank=True)
    sha256 = models.CharField(max_length=64, blank=True)  # of what was handed in
    kept_sha256 = models.CharField(max_length=64, blank=True)  # of the file that is kept of it; empty for a statement
    # The file as it came, sealed: when and where a picture was taken may decide a case, and is nobody else's business.
    original_path = models.CharField(max_length=80, blank=True)
    original_key = FileKeyField(null=True)
    original_bytes = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()


class CaseEntry(models.Model):
    """One line in the case room: words of a party, or a step of the process."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="entries")
    party = models.CharField(max_length=10, choices=Party)
    author_id = models.UUIDField(null=True)
    act = models.CharField(max_length=20)  # opened, said, offered, accepted, refused, escalated, withdrawn, ruled …
    text = models.TextField(max_length=4000, blank=True)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["case", "id"], name="case_thread"),
            models.Index(fields=["author_id", "act", "at"], name="case_pace"),
        ]


class Ruling(models.Model):
    """A mediator's decision; refund and release sum to what was held, to the minor unit."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="ruling")
    mediator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="rulings")
    refund_minor = models.PositiveBigIntegerField()
    release_minor = models.PositiveBigIntegerField()
    held_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    fault = models.CharField(max_length=10, choices=Party)
    article = models.CharField(max_length=20)  # of the public rules
    reasons = models.TextField(max_length=4000)
    signed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(held_minor=F("refund_minor") + F("release_minor")), name="ruling_adds_up"
            ),
        ]
