"""
Passkeys (WebAuthn): the questions to the browser and the judging of what it answers.

Each question is for one purpose, lies in the session, and is taken out before its answer is judged: an answer counts
once, for that purpose, for five minutes. The origin is ``SITE_URL`` alone, whatever a request says of its host.
"""

from __future__ import annotations

import ipaddress
import json
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from fido2.server import Fido2Server
from fido2.webauthn import (
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.models import User
from accounts.services import challenges

VALID_SECONDS = 300
LONGEST = 20_000
SESSION_KEY = "passkey"


class WrongPasskey(challenges.WrongCode):
    code = "wrong_passkey"
    default_message = _("That passkey did not answer rightly. Please try again.")


def are_possible() -> bool:
    """Browsers make passkeys for a name only, over https or on this very machine: never for an IP address."""
    place = urlsplit(settings.SITE_URL)
    try:
        ipaddress.ip_address(place.hostname or "")
    except ValueError:
        return place.scheme == "https" or place.hostname == "localhost"
    return False


def ask_new(request: HttpRequest, user: User) -> dict[str, Any]:
    """What the browser needs to make a passkey."""
    who = PublicKeyCredentialUserEntity(
        id=user.pk.bytes, name=user.email or user.phone or str(user.pk), display_name=user.display_name
    )
    options, state = _server().register_begin(
        user=who, credentials=[row.credential_data for row in _known(user)],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    _remember(request, "new", state)
    return dict(options)


def judge_new(request: HttpRequest, text: str) -> dict[str, Any]:
    """
    The new passkey, as it is kept.

    :raises WrongPasskey: if it does not answer the question of this session
    """
    said, state = _read(text), _recall(request, "new")
    try:
        RegistrationResponse.from_dict(said)
        _server().register_complete(state, said)
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        raise WrongPasskey from fault
    return said


def ask(request: HttpRequest, purpose: str, user: User | None = None) -> dict[str, Any]:
    """What the browser needs to answer with a passkey: one of this person's, or whichever it has."""
    known = [row.credential_data for row in _known(user)] if user is not None else None
    options, state = _server().authenticate_begin(known, user_verification=UserVerificationRequirement.REQUIRED)
    _remember(request, purpose, state)
    return dict(options)


def judge(request: HttpRequest, purpose: str, text: str, user: User | None = None) -> Authenticator:
    """
    Whose passkey has answered.

    :raises WrongPasskey: if it does not answer the question of this session and purpose, or is not this person's
    """
    said, state = _read(text), _recall(request, purpose)
    try:
        answer = AuthenticationResponse.from_dict(said)
        if user is None:
            handle = answer.response.user_handle
            user = User.objects.filter(pk=UUID(bytes=handle), is_active=True).first() if handle else None
        known = {row.credential_data.credential_id: row for row in _known(user)} if user is not None else {}
        found = _server().authenticate_complete(state, [row.credential_data for row in known.values()], said)
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        raise WrongPasskey from fault
    row: Authenticator = known[found.credential_id].instance
    return row


class _Known:
    """A passkey we keep, as fido2 wants it."""

    def __init__(self, instance: Authenticator) -> None:
        self.instance = instance
        self.credential_data = WebAuthn(instance).authenticator_data.credential_data


def _known(user: User) -> list[_Known]:
    rows = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN).order_by("pk")
    return [_Known(row) for row in rows.select_related("user")]


def _server() -> Fido2Server:
    place = urlsplit(settings.SITE_URL)
    site = PublicKeyCredentialRpEntity(id=place.hostname or "", name=settings.SITE_NAME)
    origin = f"{place.scheme}://{place.netloc}"
    return Fido2Server(site, verify_origin=lambda said: said == origin)


def _read(text: str) -> Any:
    if len(text) > LONGEST:
        raise WrongPasskey
    try:
        said = json.loads(text)
    except ValueError as fault:
        raise WrongPasskey from fault
    if not isinstance(said, dict):
        raise WrongPasskey
    return said


def _remember(request: HttpRequest, purpose: str, state: Any) -> None:
    request.session[SESSION_KEY] = {"purpose": purpose, "state": state, "at": time.time()}


def _recall(request: HttpRequest, purpose: str) -> Any:
    found = request.session.pop(SESSION_KEY, None)
    if not found or found["purpose"] != purpose or time.time() - found["at"] > VALID_SECONDS:
        raise WrongPasskey
    return found["state"]
