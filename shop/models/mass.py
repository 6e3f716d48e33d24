"""Messages of a store to many of its buyers at once, whom they go to, and who wants none."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from shop.models.catalogue import Product
from shop.models.stores import Store
from shop.states import Audience


class MassMessage(models.Model):
    """One message; its recipients are fixed when it is sent, and reached batch by batch."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.ForeignKey(Store, models.CASCADE, related_name="mass_messages", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    key = models.UUIDField()  # of the page it was written on: pressed twice it is sent once
    audience = models.CharField(max_length=8, choices=Audience)
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="+")
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    subject = models.CharField(max_length=80)
    text = models.TextField(max_length=2000)
    links = models.JSONField(default=list)  # each as it stands in the text (core.links)
    recipients = models.PositiveIntegerField()
    cursor = models.BigIntegerField(default=0)  # the last recipient that is done with
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "key"], name="mass_message_once"),
            models.CheckConstraint(condition=Q(recipients__gt=0), name="mass_message_to_somebody"),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(stopped_at__isnull=True), name="mass_message_one_end"
            ),
            models.CheckConstraint(
                condition=Q(audience="open", product__isnull=True, since__isnull=True, until__isnull=True)
                | Q(audience="product", product__isnull=False, since__isnull=True, until__isnull=True)
                | Q(audience="span", product__isnull=True, since__isnull=False, until__gte=models.F("since")),
                name="mass_message_audience",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["store", "-created_at"], name="mass_message_store")]

    def __str__(self) -> str:
        return self.subject

    @property
    def link_subject(self) -> str:
        """What a signed way to one of its links is about."""
        return f"mass:{self.pk}"

    @property
    def is_under_way(self) -> bool:
        return self.finished_at is None and self.stopped_at is None


class MassRecipient(models.Model):
    """Somebody a message goes to. Neither sent nor left out: not reached yet, or it was stopped before."""

    message = models.ForeignKey(MassMessage, models.CASCADE, related_name="to", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    sent_at = models.DateTimeField(null=True)
    left_out = models.BooleanField(default=False)  # has muted the store meanwhile

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "user"], name="mass_recipient_once"),
            models.CheckConstraint(condition=Q(left_out=False) | Q(sent_at__isnull=True), name="mass_recipient_or"),
        ]
        indexes: ClassVar = [models.Index(fields=["message", "id"], name="mass_recipient_batch")]


class StoreMute(models.Model):
    """A buyer who wants no such messages of a store. What concerns his orders reaches him all the same."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="store_mutes", db_index=False)
    store = models.ForeignKey(Store, models.CASCADE, related_name="buyer_mutes")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "store"], name="store_mute_once")]
