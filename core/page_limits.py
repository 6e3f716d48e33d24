"""Middleware: counts what the pages' costly doors are used for, and refuses in words when it is too much."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy, ngettext

from core import limits
from core.errors import TooMany
from core.gate import refuse
from core.http import Next

WORDS = gettext_lazy("That was asked for too often. Nothing was done.")
NEIGHBOURS = {4: 24, 6: 48}


def page_limits(get_response: Next) -> Next:
    """Stands behind sign-in: a member is counted as himself, wherever he is."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(
        request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        method = "GET" if request.method == "HEAD" else str(request.method)
        name = settings.PAGE_LIMITS.get((match.view_name if match else "", method))
        seconds = spend(request, name) if name else 0
        if not seconds:
            return None
        request.limit_hit = name  # type: ignore[attr-defined]
        answer = refuse(request, TooMany(f"{WORDS} {again_in(seconds)}"))
        answer.headers["Retry-After"] = str(seconds)
        return answer

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def spend(request: HttpRequest, name: str) -> int:
    """Count one more for everybody this request is counted as; the longest wait of those who are over, or 0."""
    waits = [
        limits.spend(name=f"page:{name}", who=f"{kind}:{who}", rates=limits.rates_of(settings.PAGE_RATES[name][kind]))
        for kind, who in counted_as(request)
        if kind in settings.PAGE_RATES[name]
    ]
    return max(waits, default=0)


def counted_as(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """Everybody a request is counted as."""
    if request.user.is_authenticated:
        yield "member", str(request.user.pk)
    if device := getattr(request, "device_id", None):
        yield "device", str(device)
    address = limits.address_of(request)
    yield "address", address
    yield "prefix", prefix_of(address)


def prefix_of(address: str) -> str:
    """The network an address lies in: what one customer of a provider changes addresses within."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, NEIGHBOURS[found.version]), strict=False))


def again_in(seconds: int) -> str:
    """When to come again, in the coarsest unit that does not lie by much."""
    if seconds < 100:
        return ngettext("Try again in %(n)s second.", "Try again in %(n)s seconds.", seconds) % {"n": seconds}
    minutes = -(-seconds // 60)
    if minutes < 100:
        return ngettext("Try again in %(n)s minute.", "Try again in %(n)s minutes.", minutes) % {"n": minutes}
    hours = -(-minutes // 60)
    return ngettext("Try again in %(n)s hour.", "Try again in %(n)s hours.", hours) % {"n": hours}
