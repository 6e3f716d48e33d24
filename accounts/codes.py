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
from accounts.models import User
from accounts.queries.people import named
from accounts.services import challenges
from core import clock

MARK = "challenge:"
PURPOSES = {
    "account/email/login_code": "login",
    "account/email/password_reset_code": "reset",
    "account/email/email_confirmation": "email",
    "account/email/email_confirmation_signup": "sign_up",
}
WITHOUT_CODE = {"account/email/unknown_account": "login", "account/email/account_already_exists": "sign_up"}


def draw() -> str:
    """A reference to a new code; its digits wait in the request until the message is written."""
    reference = f"{MARK}{uuid4()}"
    _drawn(context.request)[reference] = (challenges.new_code(), False)
    return reference


def is_reference(text: Any) -> bool:
    return isinstance(text, str) and text.startswith(MARK)


def id_of(reference: str | None) -> UUID | None:
    """The challenge behind a reference; None for what is none, as in a login that is only pretended."""
    return UUID(reference.removeprefix(MARK)) if reference and is_reference(reference) else None


def digits_for(reference: str, *, purpose: str, channel: str, to: str, user: User | None) -> str:
    """Open the challenge of a reference, once, and give the digits for the message to ``to``."""
    drawn = _drawn(context.request)
    digits, is_open = drawn[reference]
    if not is_open:
        drawn[reference] = (digits, True)
        _open(purpose, channel, to, challenge_id=UUID(reference.removeprefix(MARK)), code=digits, user=user)
    return digits


def no_code_for(to: str, *, purpose: str, channel: str) -> None:
    """
    A message without a code goes out, because ``to`` is nobody's, or somebody's who signs up anew: it is written down
    as a code would be, so that the answer takes as long. Nothing matches it.
    """
    challenges.code_hash(uuid4(), challenges.new_code())  # drawn, sealed and dropped
    _open(purpose, channel, to, user=named(email=to) if purpose == "login" else None)


def _open(purpose: str, channel: str, to: str, user: User | None = None, **more: Any) -> None:
    request = context.request
    challenges.open_challenge(
        purpose=purpose, channel=channel, user_id=user.pk if user else None, target_masked=challenges.masked(to),
        device_id=device_of(request), ip=seen_by(request).ip, now=clock.now(), **more,
    )  # fmt: skip


def _drawn(request: HttpRequest) -> dict[str, tuple[str, bool]]:
    """Reference → digits, and whether its challenge is open."""
    found: dict[str, tuple[str, bool]] = request.__dict__.setdefault("drawn_codes", {})
    return found
