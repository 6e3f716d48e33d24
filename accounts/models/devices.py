"""Devices that people have proven theirs, and what was done to come in. Kept as evidence: see ``docs/security.md``."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User


class Device(models.Model):
    """A browser or an app of one person. Its cookie holds a secret that changes at each login; here lies its hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="devices")
    token_hash = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64, blank=True)  # seen again: somebody has copied the cookie
    name = models.CharField(_("name"), max_length=60, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    first_ip = models.CharField(max_length=45, blank=True)
    last_ip = models.CharField(max_length=45, blank=True)
    prefix = models.CharField(max_length=24, blank=True)  # /16 or /32 of the last address
    country = models.CharField(max_length=2, blank=True)  # ISO 3166-1, of the last address; empty: unknown
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    trusted_until = models.DateTimeField()
    verified_by = models.CharField(max_length=20)  # sms, email, totp, passkey, device, recovery, sign_up, sandbox
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=20, blank=True)  # member, reuse, not_me, staff, expired, reset

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "-last_seen_at"], name="device_of_user")]


class MemberSession(models.Model):
    """One stay, from login to end. ``session_key`` is blank once it is over, so that nothing here opens anything."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="stays")
    device = models.ForeignKey(Device, models.SET_NULL, null=True, related_name="stays")
    session_key = models.CharField(max_length=40, blank=True)
    method = models.CharField(max_length=60)  # how it was opened: password, code, qr … joined by "+"
    is_app = models.BooleanField(default=False)
    ip = models.CharField(max_length=45, blank=True)
    country = models.CharField(max_length=2, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, blank=True)  # logout, idle, age, revoked, password, frozen, not_me

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session_key"], name="stay_of_session", condition=~Q(session_key="")),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "-started_at"], name="stay_of_user"),
            models.Index(fields=["device"], name="stay_open_on_device", condition=Q(ended_at__isnull=True)),
        ]


class LoginEvent(models.Model):
    """One try to come in, with its outcome (R7). Written once; database triggers refuse changes."""

    user_id = models.UUIDField(null=True)  # no key: the record outlives the account
    at = models.DateTimeField()
    outcome = models.CharField(max_length=20)  # in, out, and the rest of queries.devices.OUTCOMES
    method = models.CharField(max_length=60, blank=True)
    device_id = models.UUIDField(null=True)
    ip = models.CharField(max_length=45, blank=True)
    prefix = models.CharField(max_length=24, blank=True)
    country = models.CharField(max_length=2, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user_id", "-at"], name="login_event_of_user")]
