"""Middleware: who is acting, which headers every answer carries, and how a refusal looks on a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme

from core.actor import Actor
from core.errors import Busy, DomainError

GIVES_KEYS = "/api/v1/auth/"
AWAY = ("08", "53", "57P")  # SQLSTATE: no connection, no room for one, shutting down or starting up
Next = Callable[[HttpRequest], HttpResponse]


def actor_of(request: HttpRequest) -> Actor:
    """The person behind a request, as services want to know him."""
    user = request.user
    if not user.is_authenticated:
        return Actor(user_id=None)
    found = request.session.get("device_id") if hasattr(request, "session") else None
    device = UUID(found) if found else None
    role = str(getattr(getattr(request, "auth", None), "role", ""))
    is_mediator = bool(getattr(user, "acts_as_mediator", False))
    return Actor(user_id=user.pk, device_id=device, is_mediator=is_mediator, token_role=role)


def refusal_middleware(get_response: Next) -> Next:
    """Attach :func:`answer_refusal` to uncaught ``DomainError`` of any page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, fault: Exception) -> HttpResponse | None:
        if isinstance(fault, OperationalError) and _is_waiting(fault):
            fault = Busy()
        return answer_refusal(request, fault) if isinstance(fault, DomainError) else None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def _is_waiting(fault: OperationalError) -> bool:
    """A lock was not given in time; everything was rolled back and may be tried again."""
    return any(words in str(fault) for words in ("lock timeout", "deadlock detected", "database is locked"))


def is_away(fault: BaseException | None) -> bool:
    """Whether the database was not there, or went away: nothing is wrong with the request."""
    if not isinstance(fault, OperationalError | InterfaceError):
        return False
    code = getattr(fault.__cause__, "pgcode", "")  # None: the server was not reached at all, or fell silent
    return code is None or code.startswith(AWAY) or "unable to open database file" in str(fault)


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "") or request.content_type == "application/json"


def is_own_place(request: HttpRequest, place: str) -> bool:
    """Whether an address is a whole one on this site: with our host, or from the root. ``x`` and ``..`` are neither."""
    whole = place.startswith(("/", f"{request.scheme}://"))
    return whole and url_has_allowed_host_and_scheme(place, {request.get_host()}, require_https=request.is_secure())


def answer_refusal(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """JSON for machines; for people a message on the page they came from, or a page of its own with the status."""
    if wants_json(request):
        return JsonResponse(refusal.as_json(), status=refusal.status)
    back = request.META.get("HTTP_REFERER", "")
    if request.method == "POST" and is_own_place(request, back) and refusal.status not in (403, 404):
        messages.error(request, refusal.message)
        return HttpResponseRedirect(back)
    return render(request, "errors/refusal.html", {"refusal": refusal}, status=refusal.status)


def headers_middleware(get_response: Next) -> Next:
    """Headers that every answer carries, whoever made it; CSP comes from django-csp, HSTS and the like from Django."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in settings.ANSWER_HEADERS.items():
            response.headers.setdefault(name, value)
        if getattr(request, "has_signed_out", False):
            response.headers["Clear-Site-Data"] = settings.LOGOUT_CLEARS
        if not request.path.startswith(settings.PUBLIC_CACHEABLE) and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = (
                "private, no-store" if _is_private(request, response) else "private, no-cache"
            )
        return response

    return middleware


def _is_private(request: HttpRequest, response: HttpResponse) -> bool:
    """Ask cookies and headers, not the database: an anonymous page must not pay for this."""
    with_key = "Authorization" in request.headers or "X-Session-Token" in request.headers
    name = settings.SESSION_COOKIE_NAME
    has_session = name in request.COOKIES or name in response.cookies
    return with_key or has_session or request.path.startswith(GIVES_KEYS)


def sealed_attachment(chunks: Iterator[bytes], *, name: str, size: int) -> StreamingHttpResponse:
    """A private file on its way out: to be saved under a name of ours, run by nothing, kept by no cache."""
    response = StreamingHttpResponse(chunks, content_type="application/octet-stream")
    response.headers["Content-Length"] = str(size)
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
