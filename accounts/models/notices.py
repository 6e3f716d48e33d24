"""What people were told, on the site and outside."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models.people import User


class Notice(models.Model):
    """A site message (站内信), kept as data and put into words in the reader's language."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)  # once per happening: a reaction may run twice
    subject = models.CharField(max_length=200)
    body = models.TextField()
    url = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes: ClassVar = [
            models.Index(fields=["user", "-created_at"], name="notice_inbox"),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at__isnull=True)),
        ]


class OutgoingMessage(models.Model):
    """An SMS or an e-mail as it left. In a sandbox this is the whole of its journey."""

    channel = models.CharField(max_length=10)  # email, sms
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    key = models.CharField(max_length=160, null=True, unique=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["to", "-created_at"], name="outgoing_to")]
