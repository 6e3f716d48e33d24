"""Pages for what went wrong."""

from __future__ import annotations

import sys

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from core.errors import Away, Invalid
from core.gate import BodyTooLarge, is_for_machines, refuse
from core.http import is_away


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return refuse(request, BodyTooLarge())
    if is_for_machines(request):
        return refuse(request, Invalid(_("The request cannot be read.")))
    return render(request, "400.html", status=400)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if is_for_machines(request):
        return JsonResponse({"code": "not_found", "message": _("We cannot find that."), "fields": {}}, status=404)
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    if is_away(sys.exc_info()[1]):
        return _away(request)
    if is_for_machines(request):
        told = {"code": "server_error", "message": _("Something broke on our side. Try again later."), "fields": {}}
        return JsonResponse(told, status=500)
    # Without the request: what every page shows would ask a database that may be the very thing that failed.
    return HttpResponse(render_to_string("500.html"), status=500)


def _away(request: HttpRequest) -> HttpResponse:
    """The database is not there for a moment. What was begun was done as a whole or not at all."""
    if is_for_machines(request):
        answer: HttpResponse = JsonResponse(Away().as_json(), status=Away.status)
    else:
        answer = HttpResponse(render_to_string("503.html"), status=Away.status)
    answer.headers["Retry-After"] = "30"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    request.refused_as = "csrf"  # type: ignore[attr-defined]
    return render(request, "errors/csrf.html", status=403)
