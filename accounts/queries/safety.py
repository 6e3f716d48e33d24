"""How well somebody's account is guarded, for those who ask it of merchants. ``None``: this site does not offer it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.apps import apps

from accounts.models import User


def has_second_factor(user_id: UUID) -> bool | None:
    """Whether he has a second factor (an authenticator app, a passkey)."""
    if not apps.is_installed("allauth.mfa"):
        return None
    authenticators: Any = apps.get_model("mfa", "Authenticator")  # type: ignore[misc]  # installed or not
    rows = authenticators.objects.filter(user_id=user_id)
    return bool(rows.exclude(type="recovery_codes").exists())


def has_device_lock(user_id: UUID) -> bool | None:
    """Whether new devices have to be let in by an old one or a second factor."""
    return User.objects.filter(pk=user_id, device_lock=True).exists()
