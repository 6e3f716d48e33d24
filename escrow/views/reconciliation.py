"""Staff's pages for reconciliation: providers' days, differences, statements handed in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.requests import MemberRequest
from core import clock
from core.exports import csv_file
from core.guards import mediator
from core.http import actor_of
from core.models import AuditEntry
from escrow import statements
from escrow.models import Ticket
from escrow.queries import reconciliation as found
from escrow.services import tickets
from escrow.statement_forms import DaysForm
from escrow.states import MatchStatus
from flows import statements as flow

SHOWN_DAYS = timedelta(days=13)
PER_PAGE = 50


@mediator
@require_safe
def reconciliation(request: MemberRequest) -> HttpResponse:
    """Each provider's days beside the books, and the differences that wait for an explanation."""
    now = clock.now()
    form = DaysForm(request.GET or None)
    gateway, until = form.wanted(found.china_day(now)) if form.is_bound else ("", found.china_day(now))
    view = "closed" if request.GET.get("view") == "closed" else "open"
    page = Paginator(found.tickets(view=view, gateway=gateway), PER_PAGE).get_page(request.GET.get("page"))
    days = found.days(gateway=gateway, since=until - SHOWN_DAYS, until=until)
    people = _people({str(row.owner) for row in page if row.owner} | {one for row in days for one in row.workers})
    context = {
        "form": form, "page": page, "view": view,
        "days": [(row, [people.get(one, "–") for one in sorted(row.workers)]) for row in days],
        "tickets": [(row, people.get(str(row.owner), ""), statements.NAMES.get(row.gateway)) for row in page],
        "tabs": _tabs(view),
    }  # fmt: skip
    return render(request, "console/reconciliation.html", context)


def _tabs(view: str) -> list[dict[str, Any]]:
    url = reverse("console:reconciliation")
    return [
        {"label": _("Open differences"), "url": url, "count": found.open_tickets(), "urgent": True,
         "current": view == "open"},
        {"label": _("Explained"), "url": f"{url}?view=closed", "count": 0, "current": view == "closed"},
    ]  # fmt: skip


def _people(ids: Iterable[str]) -> dict[str, str]:
    rows = User.objects.filter(pk__in=list(ids))
    return {str(row.pk): row.display_name for row in rows}


@mediator
@require_safe
def tickets_csv(request: MemberRequest) -> HttpResponseBase:
    """All differences, open and explained, as a file."""
    rows = [*found.tickets(view="open"), *found.tickets(view="closed")]
    people = _people({str(row.owner) for row in rows if row.owner})
    head = ("number", "provider", "day", "problem", "line", "reference", "amount", "currency", "opened", "closed",
            "owner", "explanation")  # fmt: skip
    lines = (
        (
            row.pk, row.gateway, row.day, row.problem, row.line.ext_id if row.line else "",
            row.line.reference if row.line else "", row.amount.digits, row.currency, row.opened_at.isoformat(),
            row.closed_at.isoformat() if row.closed_at else "", people.get(str(row.owner), ""), row.note,
        )
        for row in rows
    )  # fmt: skip
    return csv_file("differences.csv", head, lines)


@mediator
@require_safe
def day(request: MemberRequest, gateway: str, day: str) -> HttpResponse:
    """A provider's lines of a day with what each of them clears."""
    of = _day(gateway, day)
    status = request.GET.get("status", "")
    status = status if status in MatchStatus.values else ""
    page = Paginator(found.lines_of(gateway=gateway, day=of, status=status), PER_PAGE)
    rows = [row for row in found.days(gateway=gateway, since=of, until=of) if row.day == of]
    context = {
        "page": page.get_page(request.GET.get("page")), "name": statements.NAMES[gateway], "gateway": gateway,
        "of": of, "row": rows[0] if rows else None, "files": found.files(gateway=gateway, since=of, until=of),
        "open": found.tickets(gateway=gateway).filter(day=of), "tabs": _states(gateway, of, rows, status),
    }  # fmt: skip
    return render(request, "console/reconciliation_day.html", context)


def _states(gateway: str, of: date, rows: list[found.Day], current: str) -> list[dict[str, Any]]:
    url, counts = reverse("console:reconciliation-day", args=[gateway, of]), rows[0].counts if rows else {}
    all_of = {"label": _("All"), "url": url, "count": sum(counts.values()), "current": not current}
    return [all_of] + [
        {"label": word, "url": f"{url}?status={name}", "count": counts.get(name, 0), "current": name == current}
        for name, word in MatchStatus.choices
        if counts.get(name)
    ]


def _day(gateway: str, text: str) -> date:
    try:
        of = date.fromisoformat(text)
    except ValueError as fault:
        raise Http404 from fault
    if gateway not in statements.NAMES or not 2000 <= of.year <= 2100:
        raise Http404
    return of


@mediator
@require_safe
def day_csv(request: MemberRequest, gateway: str, day: str) -> HttpResponseBase:
    """A provider's lines of a day as a file."""
    of = _day(gateway, day)
    head = ("number", "kind", "reference", "at", "gross", "fee", "currency", "state", "transfer")
    rows = (
        (
            row.ext_id, row.kind, row.reference, row.at.isoformat(), row.gross.digits, row.fee.digits, row.currency,
            row.status, row.transfer_id or "",
        )
        for row in found.lines_of(gateway=gateway, day=of)
    )  # fmt: skip
    return csv_file(f"{gateway}-{of}.csv", head, rows)


@mediator
@require_http_methods(["GET", "HEAD", "POST"])
def ticket(request: MemberRequest, pk: int) -> HttpResponse:
    """One difference with both sides of it: taken over, explained, or set aside."""
    row = Ticket.objects.select_related("line").filter(pk=pk).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        return _work_on(request, row)
    acts = AuditEntry.objects.filter(subject_type="ticket", subject=str(pk)).order_by("pk")
    people = _people({str(one) for one in [row.owner, *acts.values_list("user_id", flat=True)] if one})
    context = {
        "row": row, "name": statements.NAMES.get(row.gateway, row.gateway), "owner": people.get(str(row.owner), ""),
        "is_mine": row.owner == request.user.pk, "ours": found.movement(row),
        "acts": [(entry, people.get(str(entry.user_id), "")) for entry in acts],
    }  # fmt: skip
    return render(request, "console/ticket.html", context)


def _work_on(request: MemberRequest, row: Ticket) -> HttpResponse:
    actor, now, act = actor_of(request), clock.now(), request.POST.get("act", "")
    if act == "explain":
        note = request.POST.get("note", "").replace("\x00", "")
        tickets.explain(ticket_id=row.pk, note=note, actor=actor, now=now)
        messages.success(request, _("Explained and closed."))
        return redirect("console:reconciliation")
    if act == "set_aside":
        flow.set_aside(ticket_id=row.pk, actor=actor, now=now)
        messages.success(request, _("It lies apart in the books now, under parked money."))
        return redirect("console:payments")
    tickets.take(ticket_id=row.pk, actor=actor)
    return redirect("console:ticket", row.pk)
