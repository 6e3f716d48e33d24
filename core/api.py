"""What all API doors share: errors, pages, money, and requests that must happen once."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions, serializers
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from core import idempotency
from core.errors import DomainError, Invalid
from core.models import IdempotencyKey
from core.money import MAX_MINOR, Money


class CursorPages(CursorPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100
    ordering = "-pk"


class MoneySerializer(serializers.Serializer[Money]):
    """``{"minor": 12800, "currency": "CNY"}``"""

    minor = serializers.IntegerField(min_value=0, max_value=MAX_MINOR)
    currency = serializers.CharField(min_length=3, max_length=3, default="CNY")


def answer_exception(fault: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal as ``{"code", "message", "fields"}``."""
    if isinstance(fault, DomainError):
        return Response(fault.as_json(), status=fault.status)
    response = exception_handler(fault, context)
    if response is None or not isinstance(fault, exceptions.APIException):
        if response is not None:  # Django's own 404 and 403
            response.data = {"code": "not_found" if response.status_code == 404 else "forbidden", "fields": {},
                             "message": str(response.data.get("detail", ""))}  # fmt: skip
        return response
    if isinstance(fault, exceptions.ValidationError):
        fields = fault.detail if isinstance(fault.detail, dict) else {}
        flat = {
            name: " ".join(map(str, text)) if isinstance(text, list) else str(text) for name, text in fields.items()
        }
        response.data = {"code": "invalid", "message": str(Invalid().message), "fields": flat}
    else:
        response.data = {"code": fault.default_code, "message": str(fault.detail), "fields": {}}
    return response


class OnceMixin(APIView):
    """Honours ``Idempotency-Key`` on POST: the same key and body are done once and answered the same."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self._once: IdempotencyKey | None = None
        response = super().dispatch(request, *args, **kwargs)
        if self._once is not None:
            if response.status_code < 500 and response.status_code != 429:
                idempotency.complete(self._once, status=response.status_code, response=response.data)
            else:
                idempotency.abandon(self._once)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        key = request.headers.get("Idempotency-Key", "")
        if request.method != "POST" or not key:
            return
        scope = f"{request.user.pk}:{request.path}"[:80]
        row, is_new = idempotency.begin(scope=scope, key=key, body=request._request.body)
        if not is_new:
            raise Replay(row.response, row.status or 200)
        self._once = row

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Replay):
            return Response(exc.body, status=exc.status, headers={"Idempotent-Replay": "true"})
        return super().handle_exception(exc)


class Replay(Exception):
    """The request was done before; this is its answer."""

    def __init__(self, body: Any, status: int) -> None:
        super().__init__("replay")
        self.body = body
        self.status = status
