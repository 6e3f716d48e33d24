"""
Guessing passwords: a bucket per account, and another for each device that this account trusts.

Wrong passwords from anywhere fill the account's bucket; they never fill that of a browser its owner has proven, so
nobody is locked out of his own device by somebody who knows his phone number (OWASP's device cookies).
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.doors import device_cookie, recognition_of, seen_by
from accounts.models import User
from accounts.phones import to_e164
from accounts.services import stays
from core import clock


def phone_of(credentials: dict[str, Any]) -> str:
    """The number in the credentials, however it is written; an empty text without one."""
    phone = str(credentials.get("phone") or "")
    try:
        return to_e164(phone) if phone else ""
    except ValidationError:
        return phone.strip()[:40]


def bucket_of(request: HttpRequest, name: str, credentials: dict[str, Any]) -> str:
    """``name`` is the account's own bucket; on a trusted device of that account it is the device's."""
    if not device_cookie(request):
        return name
    user = _user_of(credentials)
    known = recognition_of(request, user.pk) if user is not None else None
    if known is None or known.device is None or known.is_stolen:
        return name
    return f"{name}:{known.device.pk}"


def note_failure(request: HttpRequest, outcome: str, credentials: dict[str, Any]) -> None:
    """Write down that somebody was refused, and at whose account if it is anybody's."""
    user = _user_of(credentials)
    stays.note_try(
        user_id=user.pk if user else None, outcome=outcome, method="password", seen=seen_by(request), now=clock.now()
    )


def _user_of(credentials: dict[str, Any]) -> User | None:
    phone, email = phone_of(credentials), str(credentials.get("email") or "").lower()
    if phone:
        return User.objects.filter(phone=phone, phone_verified=True).first()
    return User.objects.filter(email=email).first() if email else None
