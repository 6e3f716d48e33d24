"""Questions that only the right person can answer."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models.people import User


class Challenge(models.Model):
    """
    A proof that was asked for: a code sent, a factor or a password wanted. Never deleted before 180 days.

    ``code_hash`` is an HMAC over row and code; a proof that needs no code of ours (password, TOTP, passkey) has none.
    ``context_hash`` binds it to what is being done (purpose, amount, target). Passed once, then spent at most once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="challenges")
    purpose = models.CharField(max_length=40)
    channel = models.CharField(max_length=12)  # sms, email, totp, passkey, password, device, recovery
    target_masked = models.CharField(max_length=80, blank=True)
    code_hash = models.CharField(max_length=64, blank=True)
    session_hash = models.CharField(max_length=64, blank=True)
    context_hash = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    passed_at = models.DateTimeField(null=True)
    spent_at = models.DateTimeField(null=True)
    device_id = models.UUIDField(null=True)
    ip = models.CharField(max_length=45, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(attempts__lte=F("max_attempts")), name="challenge_attempts"),
            models.CheckConstraint(
                condition=Q(spent_at__isnull=True) | Q(passed_at__isnull=False), name="challenge_spent_after_passed"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["user", "-created_at"], name="challenge_of_user")]
