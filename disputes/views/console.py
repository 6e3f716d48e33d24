"""The console's front: what waits for staff, the queue of cases, and the search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from accounts.queries.incidents import incident_counts, recovery_counts
from accounts.requests import MemberRequest
from accounts.states import IncidentStatus, RecoveryStatus
from core import clock, deadlines, outbox
from core.guards import mediator
from core.money import Money
from core.policies import rules_of
from disputes.models import Case
from disputes.queries import clocks_of, queue, queue_counts
from disputes.states import MONEY_REMEDIES, CaseStatus
from disputes.views.queue_tabs import queue_tabs
from escrow.models import Hold
from escrow.queries import failed_payouts, failed_refunds, holds_of, parked_receipts
from logistics.models import Shipment
from shop.models import Order
from shop.queries.vetting import open_reports
from shop.queries.vetting import queue_counts as application_counts

PER_PAGE = 25
VIEWS: dict[str, Promise] = {
    "unassigned": gettext_lazy("Unassigned"),
    "mine": gettext_lazy("Mine"),
    "overdue": gettext_lazy("Overdue"),
    "all": gettext_lazy("All to decide"),
    "talking": gettext_lazy("Between the parties"),
    "closed": gettext_lazy("Closed"),
}
EMPTY: dict[str, Promise] = {
    "unassigned": gettext_lazy("Every case that was called up has its mediator."),
    "mine": gettext_lazy("Nothing waits for you. Take the oldest of the unassigned ones."),
    "overdue": gettext_lazy("No decision is late."),
    "all": gettext_lazy("Nobody has called the platform."),
    "talking": gettext_lazy("No case is open between buyers and merchants."),
    "closed": gettext_lazy("Closed cases stay here with how they ended."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One case of the queue."""

    case: Case
    url: str
    amount: Money | None
    held: Money | None
    due_at: datetime | None
    tone: str


@mediator
@require_safe
def home(request: MemberRequest) -> HttpResponse:
    """What waits for staff, as numbers that lead to their lists."""
    now = clock.now()
    counts = queue_counts(user_id=request.user.pk, now=now)
    context: dict[str, Any] = {
        "case_tiles": _case_tiles(counts),
        "money_tiles": _money_tiles(),
        "store_tiles": _store_tiles(request, now),
        "account_tiles": _account_tiles(),
        "work_tiles": _work_tiles(now),
    }
    context["rows"] = rows_of(list(queue(view="all", user_id=request.user.pk, now=now)[:8]), now=now)
    return render(request, "console/home.html", context)


@mediator
@require_safe
def cases(request: MemberRequest) -> HttpResponse:
    """The queue, longest waiting first."""
    now, view = clock.now(), request.GET.get("view", "all")
    view = view if view in VIEWS else "all"
    counts = queue_counts(user_id=request.user.pk, now=now)
    tabs = queue_tabs(VIEWS, counts, current=view, url=reverse("console:cases"), urgent="overdue")
    page = Paginator(queue(view=view, user_id=request.user.pk, now=now), PER_PAGE).get_page(request.GET.get("page"))
    rows = rows_of(list(page.object_list), now=now)
    context = {"tabs": tabs, "view": view, "page": page, "rows": rows, "empty_text": EMPTY[view]}
    return render(request, "console/cases.html", context)


@mediator
@require_safe
def search(request: MemberRequest) -> HttpResponse:
    """Go to the order or case of a number; orders of a tracking number too."""
    q = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    case_number = Case.objects.filter(number=q.upper()).values_list("number", flat=True).first()
    if case_number:
        return redirect("console:case", case_number)
    number = Order.objects.filter(number=q).values_list("number", flat=True).first()
    number = number or Shipment.objects.filter(number=q.upper()).values_list("order__number", flat=True).first()
    if number:
        return redirect("console:order", number)
    if q:
        messages.info(
            request, _("Nothing has the number “%(q)s”. Try an order, a case or a tracking number.") % {"q": q}
        )
    return redirect("console:home")


def _case_tiles(counts: dict[str, int]) -> list[dict[str, Any]]:
    url = reverse("console:cases")
    tones = {"unassigned": "wait", "overdue": "danger"}
    return [
        {
            "label": VIEWS[name],
            "value": counts[name],
            "url": f"{url}?view={name}",
            "tone": tones.get(name, "") if counts[name] else "",
        }
        for name in ("unassigned", "mine", "overdue", "talking")
    ]


def _money_tiles() -> list[dict[str, Any]]:
    """What needs a person in the money; parked sums by currency, since they cannot be added."""
    url = reverse("console:payments")
    parked = parked_receipts().order_by().values("currency").annotate(sum=Sum("amount_minor"), n=Count("pk"))
    sums = [Money(row["sum"], row["currency"]) for row in parked]
    count = sum(row["n"] for row in parked)
    failed, came_back = failed_refunds().count(), failed_payouts().count()
    return [
        {"label": _("Parked money"), "value": " + ".join(map(str, sums)) or Money(0), "url": url,
         "tone": "wait" if sums else "", "note": ngettext("%(n)s receipt", "%(n)s receipts", count) % {"n": count}},
        {"label": _("Refunds that failed"), "value": failed, "url": f"{url}#failed-refunds",
         "tone": "danger" if failed else ""},
        {"label": _("Payouts that came back"), "value": came_back, "url": f"{url}#failed-payouts",
         "tone": "wait" if came_back else ""},
    ]  # fmt: skip


def _store_tiles(request: MemberRequest, now: datetime) -> list[dict[str, Any]]:
    """Merchants who wait for an answer."""
    url, counts = reverse("console:applications"), application_counts(user_id=request.user.pk, now=now)
    reported = open_reports().count()
    return [
        {"label": _("Applications to decide"), "value": counts["all"], "url": url, "tone": ""},
        {"label": _("Overdue"), "value": counts["overdue"], "url": f"{url}?view=overdue",
         "tone": "danger" if counts["overdue"] else ""},
        {"label": _("Reports to answer"), "value": reported, "url": reverse("console:reports"),
         "tone": "wait" if reported else ""},
    ]  # fmt: skip


def _account_tiles() -> list[dict[str, Any]]:
    """People who wait to get their account back, or for an answer about what happened to it."""
    incidents, recoveries = incident_counts(), recovery_counts()
    opened, waiting = incidents[IncidentStatus.OPENED], recoveries[RecoveryStatus.REVIEW]
    return [
        {"label": _("Incidents to take"), "value": opened, "url": reverse("console:incidents"),
         "tone": "wait" if opened else ""},
        {"label": _("Recoveries to look at"), "value": waiting, "url": reverse("console:recoveries"),
         "tone": "wait" if waiting else ""},
    ]  # fmt: skip


def _work_tiles(now: datetime) -> list[dict[str, Any]]:
    url, late, owed = reverse("console:health"), deadlines.overdue(now=now), outbox.depth()
    return [
        {"label": _("Overdue deadlines"), "value": late, "url": url, "tone": "danger" if late else ""},
        {"label": _("Messages to deliver"), "value": owed, "url": url, "tone": ""},
    ]


def rows_of(found: list[Case], *, now: datetime) -> list[Row]:
    clocks = clocks_of([case.pk for case in found if case.is_open])
    holds: dict[Any, Hold] = holds_of([case.order_id for case in found])
    rows = []
    for case in found:
        running = clocks.get(case.pk)
        due_at = decision_due(case) or (running.due_at if running else None)
        rows.append(
            Row(
                case=case,
                url=reverse("console:case", args=[case.number]),
                amount=case.amount if case.want in MONEY_REMEDIES else None,
                held=holds[case.order_id].rest if case.order_id in holds else None,
                due_at=due_at,
                tone=_tone(due_at, now) if case.is_open else "quiet",
            )
        )
    return rows


def decision_due(case: Case) -> datetime | None:
    """When the platform promised to decide; reminders of a late one do not move it."""
    if case.status != CaseStatus.MEDIATION or case.escalated_at is None:
        return None
    rules = rules_of(case.order.policy_id)
    return case.escalated_at + timedelta(hours=rules.evidence_hours + rules.decide_hours)


def _tone(due_at: datetime | None, now: datetime) -> str:
    if due_at is None:
        return "quiet"
    return "danger" if due_at - now < timedelta(hours=24) else "wait" if due_at - now < timedelta(hours=72) else "quiet"
