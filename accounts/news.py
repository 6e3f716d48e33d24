"""Announcements over the pages of one visitor: which are for him, and which he has closed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import Announcement
from accounts.queries.announcements import over_pages
from accounts.services.announcements import MOST_DISMISSED
from core import clock

_Audience = Announcement.Audience
_NUMBERS = re.compile(r"\A\d{1,9}(\.\d{1,9})*\Z", re.ASCII)
_YEAR = 365 * 24 * 3600


def announcements_for(request: HttpRequest, *, has_store: bool) -> list[Announcement]:
    """
    What stands over this page. In an office people are what they work as: buyers' announcements are not for them there.
    """
    audiences: set[str] = {_Audience.EVERYONE}
    if not request.path.startswith(("/merchant/", "/console/")):
        audiences.add(_Audience.BUYERS)
    if has_store:
        audiences.add(_Audience.MERCHANTS)
    if getattr(request.user, "is_mediator", False):
        audiences.add(_Audience.STAFF)
    return over_pages(audiences=audiences, dismissed=dismissed_by(request), now=clock.now())


def dismissed_by(request: HttpRequest) -> set[int]:
    """By number: of this browser, and of the member wherever he is."""
    text = str(request.COOKIES.get(settings.DISMISSED_COOKIE_NAME, ""))
    here = {int(number) for number in text.split(".")} if len(text) <= 500 and _NUMBERS.match(text) else set()
    return here | set(getattr(request.user, "dismissed", ()))


def remember_dismissed(response: HttpResponse, numbers: Iterable[int]) -> None:
    response.set_cookie(
        settings.DISMISSED_COOKIE_NAME, ".".join(str(number) for number in sorted(numbers)[-MOST_DISMISSED:]),
        max_age=_YEAR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax",
    )  # fmt: skip
