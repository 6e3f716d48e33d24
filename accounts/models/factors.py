"""What a person has beside the password: the secret of an authenticator app, and codes for the day it is lost."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models.people import User
from core.sealed import SealedField


class TotpSecret(models.Model):
    """
    The secret an authenticator app shares with us; that there is one, allauth's ``Authenticator`` says beside it.

    Its key is the person's own, so the sealed secret opens for this person alone. ``last_step`` is the newest thirty
    seconds of which a code was taken: what is as old or older is never taken again.
    """

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="totp")
    secret = SealedField()
    last_step = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()


class RecoveryCode(models.Model):
    """One of ten codes that open the account without the app, each once. What lies here is its HMAC."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_once"),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(used_at__gte=F("created_at")), name="recovery_code_used_later"
            ),
        ]
