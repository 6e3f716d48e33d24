"""A store's statements: months, their days, and each of them as a page to print and a file."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import clock
from core.errors import NotFound
from escrow.queries import merchant_lines
from escrow.queries import periods as books
from escrow.queries.periods import Period
from escrow.queries.whole import every_line, one_moment
from escrow.records import checkpoints
from shop.guards import MerchantRequest, merchant
from shop.roles import Act
from shop.views.money_rows import ON_PAPER, lines_file


@merchant(Act.MONEY)
@require_safe
def statements(request: MerchantRequest) -> HttpResponse:
    """The months of a year, the newest first; or the days of a month (``?month=2026-11``)."""
    currency, today = _currency(request), _today()
    since = books.first_day(request.store.pk, currency) or today
    asked = books.read_period(request.GET.get("month", "")[:7])
    with one_moment():
        found = _days(request, currency, *asked) if asked else _months(request, currency, since)
    context = {
        **_money(request, currency),
        "rows": [period for period in reversed(found) if since <= period.last and period.first <= today],
        "month": asked[0] if asked else None,
        "years": range(today.year, since.year - 1, -1),
        "year": _year(request),
    }
    return render(request, "merchant/statements.html", context)


@merchant(Act.MONEY)
@require_safe
def statement(request: MerchantRequest, period: str) -> HttpResponse:
    """One month or one day, to be printed: what it began with, every movement, what it ended with."""
    currency = _currency(request)
    with one_moment():
        shown = _asked(request, period, currency)
        days = _days(request, currency, shown.first, shown.end) if shown.is_month else []
        lines = _lines(request, shown)[0 : ON_PAPER + 1]
    context = {
        **_money(request, currency), "period": shown, "days": [day for day in days if day.moved],
        "lines": lines[::-1] if len(lines) <= ON_PAPER else [], "more": len(lines) > ON_PAPER, "now": clock.now(),
        "anchor": checkpoints.latest(),
    }  # fmt: skip
    return render(request, "merchant/statement.html", context)


@merchant(Act.MONEY)
@require_safe
def statement_file(request: MerchantRequest, period: str, form: str) -> HttpResponseBase:
    """The same as a file, however long."""
    currency = _currency(request)
    with one_moment():
        shown = _asked(request, period, currency)
        ends = [
            [("", word, "", "", currency, amount, "", day.isoformat())]
            for word, amount, day in (
                (_("Closing balance"), shown.closing, shown.last),
                (_("Opening balance"), shown.opening, shown.first),
            )
        ]
        lines = every_line(_lines(request, shown))
        return lines_file(f"statement-{shown.code}-{currency}", form, lines, before=ends[0], after=ends[1])


def _today() -> date:
    return timezone.localtime(clock.now()).date()


def _currency(request: MerchantRequest) -> str:
    asked, known = request.GET.get("currency", ""), books.currencies_of(request.store.pk)
    return asked if asked in known else request.store.currency


def _money(request: MerchantRequest, currency: str) -> dict[str, Any]:
    return {"store": request.store, "currency": currency, "currencies": books.currencies_of(request.store.pk)}


def _year(request: MerchantRequest) -> int:
    text = request.GET.get("year", "")
    return int(text) if text.isascii() and text.isdigit() and 2000 <= int(text[:9]) <= 2100 else _today().year


def _months(request: MerchantRequest, currency: str, since: date) -> list[Period]:
    first = max(date(_year(request), 1, 1), since.replace(day=1))
    return books.months_of(request.store.pk, currency, first=first, end=date(_year(request) + 1, 1, 1))


def _days(request: MerchantRequest, currency: str, first: date, end: date) -> list[Period]:
    return books.days_of(request.store.pk, currency, first=first, end=end)


def _asked(request: MerchantRequest, code: str, currency: str) -> Period:
    """:raises NotFound: for what is no month or day, and for one that has not begun"""
    found = books.read_period(code)
    if found is None or found[0] > _today():
        raise NotFound
    first, end = found
    read = books.months_of if end - first > timedelta(days=1) else books.days_of
    return read(request.store.pk, currency, first=first, end=end)[0]


def _lines(request: MerchantRequest, shown: Period) -> Any:
    currency = shown.opening.currency
    return merchant_lines(request.store.pk, currency=currency, since=shown.first, until=shown.last)
