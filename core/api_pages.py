"""Pages of long lists by cursor: the next one begins after the last row seen, whatever was added meanwhile."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import pagination, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import Invalid

PAGE_SIZE, MAX_PAGE_SIZE = 20, 100
BIGGEST = 2**63 - 1
PARAMETERS = [
    OpenApiParameter("cursor", str, description="From `next` of the page before; leave out for the first page."),
    OpenApiParameter("page_size", int, description=f"Rows a page, 1 to {MAX_PAGE_SIZE}; {PAGE_SIZE} if not said."),
]


class BadCursor(Invalid):
    code = "bad_cursor"
    default_message = _("This cursor does not belong to this list. Start again from its first page.")


class BadPageSize(Invalid):
    code = "bad_page_size"
    default_message = _("A page has 1 to 100 rows.")


class CursorPages(pagination.BasePagination):
    """
    Keyset pages over the queryset's own order, which must end in a unique column.

    The library's own cursor counts rows with equal first columns by offset and goes round in circles past the
    thousandth; this one compares all columns of the order.
    """

    next_url: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        size, order = page_size(request), [str(name) for name in queryset.query.order_by]
        cursor = request.query_params.get("cursor", "")
        if cursor:
            queryset = queryset.filter(_after(order, _decode(cursor, order, queryset)))
        rows = list(queryset[: size + 1])
        if len(rows) > size:
            asked = request.query_params.copy()
            asked["cursor"] = _encode(order, rows[size - 1])
            self.next_url = request.build_absolute_uri(f"{request.path}?{asked.urlencode()}")
        return rows[:size]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next_url, "results": data})


def page(
    rows: QuerySet[Any], request: Request, serializer: type[serializers.Serializer[Any]], **context: Any
) -> Response:
    """Answer one page of rows."""
    pages = CursorPages()
    found = pages.paginate_queryset(rows, request)
    return pages.get_paginated_response(serializer(found, many=True, context={"request": request, **context}).data)


def page_schema(name: str, serializer: type[serializers.Serializer[Any]]) -> Any:
    """How a page looks, for the description of the API."""
    fields = {"next": serializers.URLField(allow_null=True), "results": serializer(many=True)}
    return inline_serializer(name, fields=fields)  # type: ignore[arg-type]


def page_size(request: Request) -> int:
    asked = request.query_params.get("page_size", str(PAGE_SIZE))
    if not (asked.isascii() and asked.isdigit() and len(asked) < 4 and 1 <= int(asked) <= MAX_PAGE_SIZE):
        raise BadPageSize(fields={"page_size": BadPageSize.default_message})
    return int(asked)


def _after(order: Sequence[str], marks: Sequence[Any]) -> Q:
    """Rows behind these values: behind in the first column, or equal there and behind in the second, and so on."""
    rule, equal = Q(), Q()
    for name, mark in zip(order, marks, strict=True):
        column = name.removeprefix("-")
        rule |= equal & Q(**{f"{column}__{'lt' if name.startswith('-') else 'gt'}": mark})
        equal &= Q(**{column: mark})
    return rule


def _encode(order: Sequence[str], row: Any) -> str:
    marks = [attrgetter(name.removeprefix("-").replace("__", "."))(row) for name in order]
    plain = [mark.isoformat() if isinstance(mark, datetime) else mark for mark in marks]
    plain = [str(mark) if isinstance(mark, UUID) else mark for mark in plain]
    return base64.urlsafe_b64encode(json.dumps([list(order), plain]).encode()).decode()


def _decode(cursor: str, order: Sequence[str], rows: QuerySet[Any]) -> list[Any]:
    try:
        names, marks = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if list(names) != list(order) or len(marks) != len(order):
            raise BadCursor
        return [_as_column(rows, name.removeprefix("-"), mark) for name, mark in zip(names, marks, strict=True)]
    except (ValueError, TypeError, ValidationError, RecursionError) as fault:
        raise BadCursor from fault


def _as_column(rows: QuerySet[Any], name: str, mark: Any) -> Any:
    """A value of a cursor as its column has it; a cursor is an outsider's input like any other."""
    if (isinstance(mark, int) and abs(mark) > BIGGEST) or not isinstance(mark, int | str):
        raise ValueError(name)
    try:
        field = rows.model._meta.pk if name == "pk" else rows.model._meta.get_field(name)
    except FieldDoesNotExist:
        return int(mark)  # an annotation: all of ours count something
    value = field.to_python(mark)  # type: ignore[union-attr]
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(name)
    return value
