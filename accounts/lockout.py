"""
Guessing passwords: a bucket per account, and another for each device that this account trusts.

Wrong passwords from anywhere fill the account's bucket; they never fill that of a browser its owner has proven, so
nobody is locked out of his own device by somebody who knows his phone number (OWASP's device cookies).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.doors import device_cookie, recognition_of, seen_by
from accounts.models import User
from accounts.phones import to_e164
from accounts.queries.people import named
from accounts.services import stays
from core import clock

NOBODY = UUID(int=0)


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
    user = member_of(request, credentials)
    known = recognition_of(request, user.pk if user is not None else NOBODY)
    if known.device is None or known.is_stolen:
        return name
    return f"{name}:{known.device.pk}"


def note_failure(request: HttpRequest, outcome: str, credentials: dict[str, Any]) -> None:
    """Write down that somebody was refused, and at whose account if it is anybody's."""
    user = member_of(request, credentials)
    stays.note_try(
        user_id=user.pk if user else None, outcome=outcome, method="password", seen=seen_by(request), now=clock.now()
    )


def member_of(request: HttpRequest | None, credentials: dict[str, Any]) -> User | None:
    """Whose phone or e-mail the credentials name, asked for once a request."""
    asked = (phone_of(credentials), str(credentials.get("email") or "").lower())
    kept = request.__dict__ if request is not None else {}
    found: tuple[object, User | None] | None = kept.get("member_named")
    if found is None or found[0] != asked:
        found = (asked, named(phone=asked[0], email=asked[1]))
        kept["member_named"] = found
    return found[1]
