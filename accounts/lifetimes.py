"""
How long a session lives: since its login, and without a sign of life. By the real clock, as Django's own expiry.

What is looked at lies in the session itself, so that a page view asks the database for nothing more; its sign of life
is written every few minutes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.services import stays
from core import clock
from core.http import Next
from core.security_tables import table

HOUR, DAY = 3_600, 86_400
BEGAN, SEEN, IS_STAFF, IS_QR, IS_OFFICE = "began", "seen", "is_staff", "is_qr", "is_office"
SIGN_OF_LIFE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Life:
    """Seconds: ``idle`` without a request, ``whole`` since the login."""

    idle: int
    whole: int


MEMBER = Life(idle=14 * DAY, whole=30 * DAY)
STAFF = Life(idle=30 * 60, whole=12 * HOUR)
QR = Life(idle=12 * HOUR, whole=12 * HOUR)
OFFICE = Life(idle=12 * HOUR, whole=30 * DAY)  # of a session that was in a merchant's office


def begin(session: SessionBase, *, is_staff: bool, is_qr: bool = False) -> None:
    """Start the clocks of a session at its login."""
    session[BEGAN] = session[SEEN] = int(time.time())
    for name, is_so in ((IS_STAFF, is_staff), (IS_QR, is_qr), (IS_OFFICE, False)):
        if is_so:
            session[name] = True
        else:
            session.pop(name, None)


def enter_office(session: SessionBase) -> None:
    """From here on this session ends as a merchant's does; written once."""
    if BEGAN in session and not session.get(IS_OFFICE):
        session[IS_OFFICE] = True


def life_of(session: SessionBase) -> Life:
    """The shortest that applies: staff's, a scanned one's, a merchant's, a member's."""
    for name, life in ((IS_STAFF, STAFF), (IS_QR, QR), (IS_OFFICE, OFFICE)):
        if session.get(name):
            return life
    return MEMBER


def as_table() -> str:
    """For docs/security.md."""
    named = {"a member's": MEMBER, "one that was in a merchant's office": OFFICE, "staff's": STAFF, "one by QR": QR}
    return table(
        ["session", "ends without a sign of life after", "and at the latest after"],
        ([name, _said(life.idle), _said(life.whole)] for name, life in named.items()),
    )


def _said(seconds: int) -> str:
    size, word = next(
        (size, word) for size, word in ((DAY, "days"), (HOUR, "hours"), (60, "minutes")) if seconds > size
    )
    return f"{seconds // size} {word}"


def idle_seconds(session: SessionBase) -> int:
    """How long ago the last sign of life was, to :data:`SIGN_OF_LIFE_SECONDS`."""
    return max(0, int(time.time()) - int(session.get(SEEN, time.time())))


def over_because(session: SessionBase) -> str:
    """``idle`` or ``age`` if a session has lived too long, else an empty text."""
    life = life_of(session)
    if idle_seconds(session) > life.idle:
        return "idle"
    return "age" if int(time.time()) - int(session.get(BEGAN, time.time())) > life.whole else ""


def middleware(get_response: Next) -> Next:
    """End what has lived too long, and write the sign of life now and then. Visitors without a session pay nothing."""

    def middleware_(request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and "_auth_user_id" in request.session:
            _look(request)
            request.device_id = request.session.get("device_id")  # type: ignore[attr-defined]  # for limits by device
        return get_response(request)

    return middleware_


def _look(request: HttpRequest) -> None:
    session: Any = request.session
    reason = over_because(session)
    if reason:
        stays.end_session(session_key=session.session_key, reason=reason, now=clock.now())
        logout(request)
        messages.info(request, _("You were signed out because this session was open for too long. Sign in again."))
    elif idle_seconds(session) >= SIGN_OF_LIFE_SECONDS:
        session[SEEN] = int(time.time())
        stays.note_life(session_key=session.session_key, now=clock.now())
