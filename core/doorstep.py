"""Turned away before anything is read: strange methods, machines without encryption, pages on the pictures' host."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound, JsonResponse
from django.utils.translation import gettext_lazy as _

from core.errors import Forbidden
from core.http import Next

MACHINES = ("/api/", "/webhooks/")
OF_PAGES = ("GET", "HEAD", "POST", "OPTIONS")
OF_MACHINES = (*OF_PAGES, "PUT", "PATCH", "DELETE")


class NotEncrypted(Forbidden):
    """A redirect would hide that the key was sent readable already, and send it again (ASVS 4.1.2)."""

    code = "https_required"
    status = HTTPStatus.FORBIDDEN
    default_message = _("Use https. What was sent with this request was readable on the way: change the key.")


def refuse_strange_methods(get_response: Next) -> Next:
    """Function views answer TRACE with 200 unless somebody refuses it first; pages know three methods and OPTIONS."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method not in (OF_MACHINES if request.path.startswith("/api/") else OF_PAGES):
            return HttpResponseNotAllowed(OF_PAGES)
        return get_response(request)

    return middleware


def refuse_plain(get_response: Next) -> Next:
    """Pages are sent on to https by Django; machines are told, for they would go on sending their keys readable."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.SECURE_SSL_REDIRECT and not request.is_secure() and request.path.startswith(MACHINES):
            refusal = NotEncrypted()
            return JsonResponse(refusal.as_json(), status=refusal.status)
        return get_response(request)

    return middleware


def media_host(get_response: Next) -> Next:
    """With ``MEDIA_HOST``, uploads are served there alone, and nothing else is: no page, no cookie, no API."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.MEDIA_HOST:
            is_there = request.get_host().partition(":")[0].lower() == settings.MEDIA_HOST.partition(":")[0]
            if is_there != request.path.startswith("/media/"):
                return HttpResponseNotFound()
        return get_response(request)

    return middleware
