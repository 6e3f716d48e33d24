"""
Doors and who may open them.

Every view carries ``view.guard``, set by one of these decorators; a test lists all URLs and fails on a view without.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

View = Callable[..., HttpResponseBase]


def named(view: View, guard: str) -> View:
    view.guard = guard  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """Anybody."""
    return named(view, "public")


def signed(view: View) -> View:
    """Machines whose message proves who they are; the door itself verifies. No CSRF token: there is no cookie."""
    return named(csrf_exempt(view), "signed")


def member(view: View) -> View:
    """Signed-in people; others are sent to sign in and come back."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_login(request)
        return view(request, *args, **kwargs)

    return named(door, "member")


def mediator(view: View) -> View:
    """Mediators; 404 for everybody else."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_login(request)
        if not getattr(request.user, "is_mediator", False):
            raise Http404
        return view(request, *args, **kwargs)

    return named(door, "mediator")


def sandbox(view: View) -> View:
    """Only where SANDBOX is on; elsewhere the page does not exist."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.SANDBOX:
            raise Http404
        return view(request, *args, **kwargs)

    return named(door, "sandbox")


def to_login(request: HttpRequest) -> HttpResponse:
    back = request.get_full_path() if request.method == "GET" else request.META.get("HTTP_REFERER", "/")
    return redirect_to_login(back if back.startswith("/") else "/")
