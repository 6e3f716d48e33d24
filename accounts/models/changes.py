"""What somebody changed about how he signs in: kept as evidence, and the old value for whoever was robbed of it."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User


class SignInChange(models.Model):
    """
    One change of phone, e-mail, password or factor. Written once; only ``undone_at`` is set later, by the stop button.

    ``old_value`` and ``new_value``: of phone and e-mail; of the others nothing is kept.
    """

    class What(models.TextChoices):
        PHONE = "phone", _("phone number")
        EMAIL = "email", _("e-mail address")
        PASSWORD = "password", _("password")
        FACTOR = "factor", _("second factor")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="sign_in_changes")
    what = models.CharField(max_length=8, choices=What)
    old_value = models.CharField(max_length=254, blank=True)
    new_value = models.CharField(max_length=254, blank=True)
    at = models.DateTimeField()
    device_id = models.UUIDField(null=True)
    ip = models.CharField(max_length=45, blank=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(what__in=["phone", "email", "password", "factor"]), name="sign_in_change_what"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["user", "-at"], name="sign_in_change_of_user")]
