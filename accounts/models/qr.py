"""A computer that waits to be let in by a phone."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models.people import User
from accounts.states import QRStatus


class QRLogin(models.Model):
    """
    One request: a code to scan, and two digits to type on the phone, so that who approves has the computer before him.

    ``session_hash`` is the browser that asked; only its polls are answered. ``user`` is set by the first scanner, or
    from the start where a member asks one of his own devices to prove a new one (``is_device_check``).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(max_length=8, choices=QRStatus, default=QRStatus.WAITING)
    session_hash = models.CharField(max_length=64)
    digits = models.CharField(max_length=2)
    attempts = models.PositiveSmallIntegerField(default=0)
    is_device_check = models.BooleanField(default=False)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="qr_logins")
    approved_on = models.UUIDField(null=True)  # the device that approved
    user_agent = models.CharField(max_length=300, blank=True)
    ip = models.CharField(max_length=45, blank=True)
    country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(status__in=("scanned", "approved", "used")) | Q(user__isnull=False), name="qr_has_somebody"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "-created_at"], name="qr_open_of_user", condition=Q(status="waiting")),
        ]
