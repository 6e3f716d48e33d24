"""What all API doors share: who may enter, errors, and requests that must happen once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, parsers, permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.views import APIView, exception_handler

from core import idempotency
from core.api_limits import refuse_guessing, words_of
from core.api_pages import CursorPages
from core.api_schema import HouseSchema
from core.errors import DomainError, Forbidden, Invalid, NotFound
from core.models import IdempotencyKey

__all__ = ["CursorPages"]
MAX_JSON_BYTES = 2**20
_KEY = re.compile(r"\A[\x21-\x7e]{1,80}\Z")


class TooLarge(Invalid):
    code = "too_large"
    status = 413
    default_message = _("The request is too large.")


class BadKey(Invalid):
    code = "bad_idempotency_key"
    default_message = _("An Idempotency-Key has 1 to 80 visible ASCII characters and no blanks.")


class NotWithToken(Forbidden):
    """A token of a store's system works for the store, never for the person who made it."""

    code = "not_with_token"
    default_message = _("A store's token opens only the addresses under /api/v1/merchant/.")


class JsonParser(parsers.JSONParser):
    """JSON whose nesting no honest client needs is no JSON to us."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as fault:
            raise exceptions.ParseError(_("This JSON is nested too deeply.")) from fault


class Member(permissions.IsAuthenticated):
    """A signed-in person in his own right."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        if request.auth is not None:
            raise NotWithToken
        return True


class Door(APIView):
    """An address of the API: JSON of bounded size, for signed-in people unless said otherwise."""

    permission_classes: Any = (Member,)
    parser_classes: Any = (JsonParser,)
    max_bytes = MAX_JSON_BYTES
    asks_proof = ""  # the purpose its acts are confirmed for (accounts.purposes), for the description
    limit = ""  # a rate of its own (settings.API_RATES) for what is no mere look
    schema: Any = HouseSchema()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if _length_of(request) > self.max_bytes:
            raise TooLarge

    def perform_authentication(self, request: Request) -> None:
        """Count who asks as soon as he is known, not only whom the door lets in; and count wrong tokens."""
        try:
            super().perform_authentication(request)
        except exceptions.AuthenticationFailed:
            refuse_guessing(request)
            raise
        super().check_throttles(request)

    def check_throttles(self, request: Request) -> None:
        """Done already."""


class PublicDoor(Door):
    """Anybody; who asks makes no difference."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)


class NothingHere(PublicDoor):
    """Answers unknown addresses under the API in the API's own words."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound


def _length_of(request: Request) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else MAX_JSON_BYTES**2


def answer_exception(fault: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal as ``{"code", "message", "fields"}``."""
    if isinstance(fault, DomainError):
        return Response(fault.as_json(), status=fault.status)
    response = exception_handler(fault, context)
    if response is None:
        return None
    if isinstance(fault, exceptions.ValidationError):
        fields = dict(_flat(fault.detail)) if isinstance(fault.detail, dict) else {}
        response.data = {"code": "invalid", "message": str(Invalid().message), "fields": fields}
    elif isinstance(fault, exceptions.Throttled):
        response.data = words_of(fault)
    elif isinstance(fault, exceptions.APIException):
        response.data = {"code": fault.default_code, "message": str(fault.detail), "fields": {}}
    else:  # Django's own 404 and 403
        missing = isinstance(fault, Http404)
        words = NotFound() if missing else Forbidden()
        response.data = {"code": words.code, "message": words.message, "fields": {}}
    return response


def _flat(faults: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """What is wrong by dotted name: ``lines.0``, ``amount.minor``."""
    if isinstance(faults, dict):
        for name, inner in faults.items():
            step = "" if name == "non_field_errors" and path else str(name)
            yield from _flat(inner, ".".join(part for part in (path, step) if part))
    elif isinstance(faults, list) and any(isinstance(item, dict | list) for item in faults):
        for place, inner in enumerate(faults):
            yield from _flat(inner, f"{path}.{place}")
    elif isinstance(faults, list):
        yield path, " ".join(map(str, faults))
    else:
        yield path, str(faults)


class OnceMixin(Door):
    """Honours ``Idempotency-Key`` on POST: the same key and body are done once and answered the same."""

    _once: IdempotencyKey | None = None
    _is_free = False

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self._once, self._is_free = None, False
        try:
            response = super().dispatch(request, *args, **kwargs)
        except BaseException:
            if self._once is not None:
                idempotency.abandon(self._once)
            raise
        if self._once is None:
            return response
        is_final = response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR and response.status_code != 429
        if is_final and not self._is_free:
            kept = json.loads(json.dumps(response.data, cls=JSONEncoder))
            idempotency.complete(self._once, status=response.status_code, response=kept)
        else:
            idempotency.abandon(self._once)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or key is None:
            return
        if not _KEY.match(key):
            raise BadKey
        who = getattr(request.auth, "pk", None) or request.user.pk  # a token's keys are its own
        scope = f"{who}:{hashlib.sha256(request.path.encode()).hexdigest()[:40]}"
        row, is_new = idempotency.begin(scope=scope, key=key, body=request._request.body)
        if not is_new:
            raise Replay(row.response, row.status or 200)
        self._once = row

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Replay):
            return Response(exc.body, status=exc.status, headers={"Idempotent-Replay": "true"})
        self._is_free = isinstance(exc, DomainError) and exc.leaves_key_free
        return super().handle_exception(exc)


class Replay(Exception):
    """The request was done before; this is its answer."""

    def __init__(self, body: Any, status: int) -> None:
        super().__init__("replay")
        self.body = body
        self.status = status


def member_of(request: Request) -> UUID:
    """The signed-in person, behind a door that lets nobody else in."""
    assert request.user.pk is not None
    return request.user.pk


def read(serializer: type[serializers.Serializer[Any]], request: Request, *, query: bool = False) -> dict[str, Any]:
    """
    What a request says, checked.

    :raises ValidationError: which the one handler turns into a 400 that names the fields
    """
    form = serializer(data=request.query_params if query else request.data)
    form.is_valid(raise_exception=True)
    said: dict[str, Any] = form.validated_data
    return said
