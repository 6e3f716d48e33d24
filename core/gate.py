"""
What is refused before anybody reads it: bodies larger than any honest one, of unknown length, and NUL characters.

A NUL can be typed by nobody and stored by no PostgreSQL. In an address it becomes the sign of an unreadable letter, so
that a search finds nothing; a form refuses it at its field, and what no form has looked at is refused here.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import render
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, Invalid
from core.http import Next, answer_refusal, wants_json

NUL, UNREADABLE = "\x00", "\N{REPLACEMENT CHARACTER}"
WITH_FILES = "multipart/form-data"
MACHINES = ("/api/", "/webhooks/")
CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii")
View = Callable[..., HttpResponseBase]


class BodyTooLarge(Invalid):
    code = "too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_message = format_lazy(
        _("This is too much at once: we take {files} MB of files and {texts} MB of text. Nothing was changed."),
        files=settings.UPLOAD_MAX_BYTES // 2**20,
        texts=settings.BODY_MAX_BYTES // 2**20,
    )


class NoLength(Invalid):
    code = "length_required"
    status = HTTPStatus.LENGTH_REQUIRED
    default_message = _("Say how long the request is: send a Content-Length.")


class NotUtf8(Invalid):
    """Codecs that are no letters (hex, idna) would break the reader, others would show what nobody has typed."""

    code = "charset"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    default_message = _("Send the request in UTF-8.")


class Unstorable(Invalid):
    code = "unstorable_text"
    default_message = _("The text has a character in it that cannot be stored. Nothing was changed.")


def gate(get_response: Next) -> Next:
    """Stands before everything that reads a body, a query or a cookie."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if NUL in request.path_info:
            request.path, request.path_info = _readable(request.path), _readable(request.path_info)
            request.META["PATH_INFO"] = request.path_info
        if "\\000" in request.META.get("HTTP_COOKIE", ""):  # as a quoted cookie writes it
            request.COOKIES = {name: value for name, value in request.COOKIES.items() if NUL not in value}
        return get_response(request)

    def process_view(request: HttpRequest, view: View, args: Any, kwargs: Any) -> HttpResponseBase | None:
        refusal = size_refused(request)
        if refusal is None:
            refusal = _files_refused(request)
        if refusal is not None:
            return refuse(request, refusal)
        if request.META.get("QUERY_STRING"):
            _clean_query(request)
        return None

    def process_exception(request: HttpRequest, fault: Exception) -> HttpResponse | None:
        return answer_refusal(request, Unstorable()) if is_unstorable(fault) else None

    middleware.process_view = process_view  # type: ignore[attr-defined]
    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def size_refused(request: HttpRequest) -> DomainError | None:
    """Why a body may not be read: Django reads none without a length, and we none that is too long."""
    if request.META.get("HTTP_TRANSFER_ENCODING"):
        return NoLength()
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not (length.isascii() and length.isdigit()):
        return NoLength()
    if int(length) and (request.content_params or {}).get("charset", "utf-8").lower() not in CHARSETS:
        return NotUtf8()
    most = settings.UPLOAD_MAX_BYTES if request.content_type == WITH_FILES else settings.BODY_MAX_BYTES
    return BodyTooLarge() if int(length) > most else None


def _files_refused(request: HttpRequest) -> DomainError | None:
    """Read the files of a page's form now: later nobody could answer in words what the virus scanner says of them."""
    if not (settings.CLAMD and request.content_type == WITH_FILES) or request.path.startswith(MACHINES):
        return None
    try:
        request.FILES  # noqa: B018 - reading is what it is asked for
    except DomainError as refusal:
        return refusal
    return None


def refuse(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """A page or JSON with the status itself: nothing of the request is kept that a redirect could go back to."""
    if is_for_machines(request):
        return JsonResponse(refusal.as_json(), status=refusal.status)
    return render(request, "errors/refusal.html", {"refusal": refusal}, status=refusal.status)


def is_for_machines(request: HttpRequest) -> bool:
    return wants_json(request) or request.path.startswith(MACHINES)


def is_unstorable(fault: Exception) -> bool:
    """What a database's driver says of a NUL, and of half a letter, which only JSON can write."""
    return isinstance(fault, UnicodeEncodeError) or (isinstance(fault, ValueError) and "NUL (0x00)" in str(fault))


def has_nul(sent: QueryDict) -> bool:
    return any(NUL in name or any(NUL in value for value in values) for name, values in sent.lists())


def _clean_query(request: HttpRequest) -> None:
    if not has_nul(request.GET):
        return
    cleaned = QueryDict(mutable=True)
    for name, values in request.GET.lists():
        cleaned.setlist(_readable(name), [_readable(value) for value in values])
    request.META["QUERY_STRING"] = cleaned.urlencode()
    cleaned._mutable = False
    request.GET = cleaned  # type: ignore[assignment]


def _readable(text: str) -> str:
    return text.replace(NUL, UNREADABLE)
