"""A running account as it leaves the site: in a file or on paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from core.exports import Digits, table_file
from escrow.queries import MoneyLine
from shop.forms.money import LinesForm

ON_PAPER = 1_000  # lines; who has more takes the file


def lines_file(
    name: str,
    form: str,
    lines: Iterable[MoneyLine],
    *,
    before: Iterable[Sequence[object]] = (),
    after: Iterable[Sequence[object]] = (),
) -> HttpResponseBase:
    """All lines as CSV or workbook; ``before`` and ``after`` are rows of the same columns."""
    head = (_("Time"), _("What"), _("Order"), _("Amount"), _("Currency"), _("Balance"), _("Reference"), _("Note"))

    def rows() -> Iterator[Sequence[object]]:
        yield from before
        for line in lines:
            yield (
                line.at, line.label, Digits(line.order_number), line.amount, line.amount.currency, line.balance,
                line.reference, line.note,
            )  # fmt: skip
        yield from after

    return table_file(name, form, head, rows())


def on_paper(lines: Sequence[MoneyLine], form: LinesForm, *, now: datetime) -> dict[str, Any]:
    """What a printed account shows: its lines, what it was narrowed to, and when it was made."""
    return {"lines": lines[:ON_PAPER], "more": len(lines) > ON_PAPER, "filters": form.told(), "now": now}
