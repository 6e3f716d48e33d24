"""The merchant's after-sale inbox and case room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from core import clock
from core.http import actor_of
from core.models import Deadline
from core.money import Money
from disputes.models import Case
from disputes.queries import case_for_store, clocks_of, store_case_counts, store_cases
from disputes.states import MONEY_REMEDIES, CaseStatus, Party
from disputes.views.queue_tabs import queue_tabs
from disputes.views.room_page import room_context
from disputes.views.seats import Seat
from shop.guards import MerchantRequest, merchant
from shop.roles import Act

PER_PAGE = 25
SMALL_MINOR = 2_000  # up to ¥20 an agreement is cheaper than the correspondence
VIEWS: dict[str, Promise] = {
    "mine": gettext_lazy("Waiting for me"),
    "open": gettext_lazy("All open"),
    "closed": gettext_lazy("Closed"),
}
EMPTY: dict[str, Promise] = {
    "mine": gettext_lazy("Nothing waits for your answer. A claim shows up here with the time you have for it."),
    "open": gettext_lazy("No claim is open. Careful pictures and weights at packing keep it that way."),
    "closed": gettext_lazy("Closed cases stay here with how they ended."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One case in a list."""

    case: Case
    url: str
    amount: Money | None
    due_at: datetime | None
    tone: str
    suggestion: str


@merchant(Act.ANSWER)
@require_safe
def inbox(request: MerchantRequest) -> HttpResponse:
    """Claims by the time left for them."""
    view = request.GET.get("view", "mine")
    view = view if view in VIEWS else "mine"
    counts = store_case_counts(request.store.pk)
    tabs = queue_tabs(VIEWS, counts, current=view, url=reverse("merchant:cases"), urgent="mine")
    page = Paginator(_sorted(request, view), PER_PAGE).get_page(request.GET.get("page"))
    rows = rows_of(list(page.object_list), now=clock.now())
    context = {"tabs": tabs, "view": view, "page": page, "rows": rows, "empty_text": EMPTY[view]}
    return render(request, "merchant/cases.html", context)


@merchant(Act.ANSWER)
@require_safe
def room(request: MerchantRequest, number: str) -> HttpResponse:
    """One claim, in the merchant's voice."""
    seat = Seat(case_for_store(request.store.pk, number), Party.MERCHANT, actor_of(request))
    return render(request, "merchant/case.html", room_context(seat, now=clock.now()))


def _sorted(request: MerchantRequest, view: str) -> Any:
    """Open cases by time left, closed ones by when they closed."""
    rows = store_cases(request.store.pk, view=view)
    if view == "closed":
        return rows
    found = list(rows)
    clocks = clocks_of([case.pk for case in found])
    return sorted(found, key=lambda case: clocks[case.pk].due_at if case.pk in clocks else case.opened_at)


def rows_of(found: list[Case], *, now: datetime) -> list[Row]:
    clocks = clocks_of([case.pk for case in found if case.is_open])
    return [
        Row(
            case=case,
            url=reverse("merchant:case", args=[case.number]),
            amount=case.amount if case.want in MONEY_REMEDIES else None,
            due_at=clocks[case.pk].due_at if case.pk in clocks else None,
            tone=urgency(clocks.get(case.pk), now=now),
            suggestion=_suggestion(case),
        )
        for case in found
    ]


def urgency(row: Deadline | None, *, now: datetime) -> str:
    """Red below half a day, amber below two."""
    if row is None:
        return "quiet"
    left = row.due_at - now
    return "danger" if left < timedelta(hours=12) else "wait" if left < timedelta(hours=48) else "quiet"


def _suggestion(case: Case) -> str:
    """What would help most here; only a suggestion."""
    back = Money(case.refund_minor or 0, case.currency)
    if case.status == CaseStatus.OPEN:
        if case.order.shipped_at is None and case.order.delivered_at is None:  # codes arrive without a parcel
            return _("Nothing is shipped: accept, or talk to the buyer.")
        if case.want in MONEY_REMEDIES and case.amount_minor <= SMALL_MINOR:
            return _("A small amount: accepting %(amount)s costs least.") % {"amount": case.amount}
        return _("Accept, make an offer, or refuse with reasons.")
    words: dict[str, str] = {
        CaseStatus.OFFERED: _("Your offer lies with the buyer."),
        CaseStatus.REFUSED: _("You have refused; the buyer may call the platform. A new offer is still possible."),
        CaseStatus.RETURN_DUE: _("The buyer sends the goods back."),
        CaseStatus.RETURN_SENT: _("Once the returned goods are there, look at them and refund %(amount)s.")
        % {"amount": back},
        CaseStatus.RESEND_DUE: _("Send again and enter the tracking number."),
        CaseStatus.MEDIATION: _("Add what you can prove."),
    }
    return words.get(CaseStatus(case.status), "")
