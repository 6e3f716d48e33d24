"""
Codes that allauth sends, kept as challenges.

What allauth stores in the session as "the code" is a reference here: the digits leave in the message alone, their HMAC
lies in ``Challenge``, and guesses are counted there. A reference opens nothing but its own attempt.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from allauth.core import context
from django.http import HttpRequest

from accounts.doors import device_of, seen_by
from accounts.models import Challenge, User
from accounts.services import challenges
from core import clock

MARK = "challenge:"
PURPOSES = {
    "account/email/login_code": "login",
    "account/email/password_reset_code": "reset",
    "account/email/email_confirmation": "email",
    "account/email/email_confirmation_signup": "sign_up",
}


def draw() -> str:
    """A reference to a new code; its digits wait in the request until the message is written."""
    reference = f"{MARK}{uuid4()}"
    _drawn(context.request)[reference] = challenges.new_code()
    return reference


def is_reference(text: Any) -> bool:
    return isinstance(text, str) and text.startswith(MARK)


def id_of(reference: str | None) -> UUID | None:
    """The challenge behind a reference; None for what is none, as in a login that is only pretended."""
    return UUID(reference.removeprefix(MARK)) if reference and is_reference(reference) else None


def digits_for(reference: str, *, purpose: str, channel: str, to: str, user: User | None) -> str:
    """Open the challenge of a reference, once, and give the digits for the message to ``to``."""
    request = context.request
    digits = _drawn(request)[reference]
    challenge_id = UUID(reference.removeprefix(MARK))
    if not Challenge.objects.filter(pk=challenge_id).exists():
        challenges.open_challenge(
            challenge_id=challenge_id, purpose=purpose, channel=channel, code=digits, user_id=user.pk if user else None,
            target_masked=challenges.masked(to), device_id=device_of(request), ip=seen_by(request).ip, now=clock.now(),
        )  # fmt: skip
    return digits


def _drawn(request: HttpRequest) -> dict[str, str]:
    found: dict[str, str] = request.__dict__.setdefault("drawn_codes", {})
    return found
