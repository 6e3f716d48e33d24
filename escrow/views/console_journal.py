"""The accountant's journal: both legs of every transfer, with sums that must be equal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from core import clock
from core.exports import Digits, table_file
from core.guards import mediator
from escrow.queries import journal as books
from escrow.queries.whole import one_moment

PER_PAGE = 50


def _day() -> forms.DateInput:
    """A browser's day field takes this one way of writing a day, whatever the reader's language writes."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class JournalForm(forms.Form):
    """What to look at; what makes no sense is left out. Asked for nothing, it is the current month."""

    since = forms.DateField(label=gettext_lazy("From"), required=False, widget=_day())
    until = forms.DateField(label=gettext_lazy("To"), required=False, widget=_day())
    account = forms.CharField(label=gettext_lazy("Account"), required=False, max_length=80)
    q = forms.CharField(label=gettext_lazy("Order or reference"), required=False, max_length=40)

    def __init__(self, given: Any) -> None:
        is_narrowed = any(given.get(name) for name in self.base_fields)
        first = timezone.localtime(clock.now()).date().replace(day=1)
        super().__init__(given if is_narrowed else {"since": first})
        kinds = [("", _("All")), *((kind, kind) for kind in books.kinds_of_accounts())]
        if ":" not in given.get("account", ""):
            self.fields["account"] = forms.ChoiceField(label=_("Account"), required=False, choices=kinds)

    def wanted(self) -> dict[str, Any]:
        self.is_valid()
        found = {name: value for name, value in self.cleaned_data.items() if value}
        kept = {
            name: value for name, value in found.items()
            if not isinstance(value, date) or 2000 <= value.year <= 2100
        }  # fmt: skip
        return {"search" if name == "q" else name: value for name, value in kept.items()}


@mediator
@require_safe
def journal(request: HttpRequest) -> HttpResponse:
    """Transfers of a time, of an account or of an order, each in its two legs."""
    form = JournalForm(request.GET)
    wanted = form.wanted()
    rows = books.journal(**wanted)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "legs": list(books.legs(list(page))),
        "totals": books.totals(rows, account=wanted.get("account", "")),
        "account": wanted.get("account", ""),
    }
    return render(request, "console/journal.html", context)


@mediator
@require_safe
def legs(request: HttpRequest, form: str) -> HttpResponseBase:
    """The same as a file, however long."""
    head = (
        _("Time"), _("Transfer"), _("Posting"), _("Reference"), _("Account"), _("Debit"), _("Credit"), _("Currency"),
    )  # fmt: skip
    with one_moment():
        return table_file("journal", form, head, _rows(JournalForm(request.GET).wanted()))


def _rows(wanted: dict[str, Any]) -> Iterator[Sequence[object]]:
    for leg in books.legs(books.journal(**wanted)):
        move = leg.transfer
        yield (
            leg.at, Digits(move.pk), leg.kind, Digits(move.ref), leg.account, leg.debit, leg.credit, move.currency,
        )  # fmt: skip
