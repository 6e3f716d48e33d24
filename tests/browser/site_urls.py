"""All addresses of the shop, and pages that go wrong on purpose, each the way a visitor meets it."""

from __future__ import annotations

from allauth.core.internal.ratelimit import respond_429
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path

from config.urls import handler400, handler404, handler500, urlpatterns
from core.errors import DomainError
from core.guards import public
from core.views.errors import csrf_failure

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]
GOES_WRONG = {
    "400": SuspiciousOperation, "403": PermissionDenied, "404": Http404, "409": DomainError, "413": RequestDataTooBig,
    "500": OSError,
}  # fmt: skip
ANSWERS = {"403-csrf": lambda request: csrf_failure(request, "no cookie"), "429": respond_429}


@public
def wrong(request: HttpRequest, what: str) -> HttpResponse:
    """:raises Exception: the one that leads to this page"""
    if what in ANSWERS:
        return ANSWERS[what](request)
    raise GOES_WRONG[what]()


urlpatterns = [*urlpatterns, path("wrong/<str:what>/", wrong)]
WRONG = [*GOES_WRONG, *ANSWERS]
