"""Middleware: gives every request its number, ties log lines to it, and notes refusals as security events."""

from __future__ import annotations

import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core.doors import guard_of
from core.http import Next
from core.logs import current_request
from core.security_log import event

HEADER = "X-Request-ID"
GIVEN = re.compile(r"[A-Za-z0-9_-]{8,64}")
GUARDED = frozenset({"member", "merchant", "mediator", "staff"})
STRANGE = frozenset({400, 405, 411, 413, 415})  # what pages and apps of ours do not send


def request_log(get_response: Next) -> Next:
    """The outermost middleware: what it sees is what the visitor got."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.request_id = _number_of(request)  # type: ignore[attr-defined]
        token = current_request.set(request)
        try:
            response = get_response(request)
            _note(request, response.status_code)
            response.headers[HEADER] = request.request_id  # type: ignore[attr-defined]
            return response
        finally:
            current_request.reset(token)

    return middleware


def _number_of(request: HttpRequest) -> str:
    """A proxy of ours may have given one already; what a visitor writes there himself is not believed."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if settings.BEHIND_PROXY and GIVEN.fullmatch(given) else secrets.token_hex(8)


def _note(request: HttpRequest, status: int) -> None:
    if status < 400:
        return
    guard = guard_of(getattr(request.resolver_match, "func", None))
    if why := getattr(request, "refused_as", ""):
        event("input.refused", request=request, status=status, why=why)
    elif status in (401, 403) or (status == 404 and guard in GUARDED):
        event("access.refused", request=request, status=status, guard=guard)
    elif status == 429:
        event("limit.hit", request=request, limit=getattr(request, "limit_hit", ""))
    elif status in STRANGE:
        event("input.refused", request=request, status=status)
    elif status >= 500 and status != 503:
        event("error.unexpected", request=request, status=status)
