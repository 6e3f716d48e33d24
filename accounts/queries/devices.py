"""A member's devices and stays, as he sees them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from accounts.models import Device, LoginEvent, MemberSession

OUTCOMES = {
    "in": gettext_lazy("signed in"),
    "out": gettext_lazy("signed out"),
    "sign_up": gettext_lazy("signed up"),
    "wrong": gettext_lazy("wrong password or code"),
    "limited": gettext_lazy("too many tries"),
    "refused": gettext_lazy("refused"),
    "device_asked": gettext_lazy("asked for a code: new device"),
    "stolen": gettext_lazy("a copied cookie was used"),
    "recovery": gettext_lazy("said that the phone is lost"),
}


def devices_of(user_id: UUID, *, now: datetime) -> QuerySet[Device]:
    """Those that are trusted, the last used first."""
    return Device.objects.filter(user_id=user_id, revoked_at__isnull=True, trusted_until__gt=now).order_by(
        "-last_seen_at", "pk"
    )


def stays_of(user_id: UUID) -> QuerySet[MemberSession]:
    """Open sessions, the newest first."""
    return MemberSession.objects.filter(user_id=user_id, ended_at__isnull=True).order_by("-started_at", "pk")


def logins_of(user_id: UUID) -> QuerySet[LoginEvent]:
    """Every try to come in, the newest first."""
    return LoginEvent.objects.filter(user_id=user_id).order_by("-pk")
