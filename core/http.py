"""Middleware: who is acting, which headers every answer carries, and how a refusal looks on a page."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from core.actor import Actor
from core.errors import Busy, DomainError

GIVES_KEYS = "/api/v1/auth/"
Next = Callable[[HttpRequest], HttpResponse]


def refuse_trace(get_response: Next) -> Next:
    """Function views answer TRACE with 200 unless somebody refuses it first."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method in ("TRACE", "TRACK"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        return get_response(request)

    return middleware


def actor_of(request: HttpRequest) -> Actor:
    """The person behind a request, as services want to know him."""
    user = request.user
    if not user.is_authenticated:
        return Actor(user_id=None)
    device: UUID | None = getattr(request, "device_id", None)
    role = str(getattr(getattr(request, "auth", None), "role", ""))
    is_mediator = bool(getattr(user, "is_mediator", False))
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
    """Headers that every answer carries; CSP comes from django-csp."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if request.path.startswith(settings.PUBLIC_CACHEABLE):
            return response
        if getattr(request, "user", None) is not None and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-store" if _is_private(request) else "private, no-cache"
        return response

    return middleware


def _is_private(request: HttpRequest) -> bool:
    """Ask cookie and headers, not the database: an anonymous page must not pay for this."""
    with_key = "Authorization" in request.headers or "X-Session-Token" in request.headers
    return with_key or settings.SESSION_COOKIE_NAME in request.COOKIES or request.path.startswith(GIVES_KEYS)
