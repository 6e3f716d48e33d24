"""What accounts read from a request: its cookie of devices, its place, how somebody came in."""

from __future__ import annotations

import re
from uuid import UUID

from allauth.account.authentication import get_authentication_records
from allauth.core.internal.httpkit import is_headless_request
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.places import Seen
from accounts.services.devices import TRUSTED_FOR, Recognition, recognise
from core import clock
from core.limits import address_of

APP_HEADER = "X-Device-Token"
MOST_LOOKS = 99
_LOOKS = re.compile(r"[0-9]{1,3}")
DEVICE_KEY = "device_id"  # of the session: which trusted device it lives on
CHANNEL_OF_CODE = {"phone": "sms", "email": "email"}


def seen_by(request: HttpRequest) -> Seen:
    return Seen(ip=address_of(request), user_agent=request.META.get("HTTP_USER_AGENT", ""))


def device_cookie(request: HttpRequest) -> str:
    """What a browser's cookie or an app's header says of its devices; an app's cookies never count."""
    if is_headless_request(request):
        return request.headers.get(APP_HEADER, "")
    return str(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""))


def set_device_cookie(response: HttpResponse, value: str) -> None:
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        value,
        max_age=int(TRUSTED_FOR.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def recognition_of(request: HttpRequest, user_id: UUID) -> Recognition:
    """What the device cookie says about one person, looked up once a request."""
    asked = (user_id, device_cookie(request))
    found: tuple[object, Recognition] | None = request.__dict__.get("recognition")
    if found is None or found[0] != asked:
        found = (asked, recognise(user_id=user_id, cookie=asked[1], now=clock.now()))
        request.__dict__["recognition"] = found
    return found[1]


def to_htmx(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Turn a redirect into one that htmx follows with the whole page."""
    if getattr(request, "htmx", False) and response.status_code == 302:
        response["HX-Redirect"] = response["Location"]
        del response["Location"]
        response.status_code = 200
    return response


def next_look(request: HttpRequest) -> int:
    """Which look of a waiting page this is, by its own count; what is no number of ours begins anew."""
    text = request.POST.get("looks", "")
    return min(int(text) + 1, MOST_LOOKS) if _LOOKS.fullmatch(text) else 1


def note_proof(request: HttpRequest, proof: str) -> None:
    """Keep, for the moment somebody is in, what has proven his device."""
    request.__dict__["device_proof"] = proof


def noted_proof(request: HttpRequest) -> str:
    return str(request.__dict__.get("device_proof", ""))


def device_of(request: HttpRequest) -> UUID | None:
    """The trusted device this session lives on."""
    found = request.session.get(DEVICE_KEY)
    return UUID(found) if found else None


def methods_of(request: HttpRequest, user: User | None) -> list[str]:
    """How this person has proven himself in this session so far: password, sms, email, totp, passkey, qr, device …"""
    found: list[str] = []
    for record in get_authentication_records(request, user):
        method = str(record["method"])
        if method == "code":
            method = next((name for key, name in CHANNEL_OF_CODE.items() if record.get(key)), "email")
        elif method == "socialaccount":
            method = str(record.get("provider") or method)
        elif method == "mfa":
            method = {"webauthn": "passkey", "recovery_codes": "recovery"}.get(record.get("type", ""), "totp")
        if method not in found:
            found.append(method)
    return found
