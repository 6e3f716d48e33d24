"""Reports of stores and products, for staff: the queue, one of them, the answer."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import MemberRequest
from core import clock
from core.errors import Invalid
from core.guards import mediator
from core.http import actor_of
from shop.models import StoreReport
from shop.queries.vetting import closed_reports, open_reports
from shop.services import reports as services

PER_PAGE = 25


@mediator
@require_safe
def reports(request: MemberRequest) -> HttpResponse:
    """What waits for an answer, the longest waiting first; or what was answered, newest first."""
    is_closed = request.GET.get("view") == "closed"
    rows = closed_reports() if is_closed else open_reports()
    page = Paginator(rows.select_related("store", "product", "reviewer"), PER_PAGE).get_page(request.GET.get("page"))
    here, waiting = reverse("console:reports"), open_reports().count()
    tabs = [
        {"label": _("To be answered"), "url": here, "current": not is_closed, "urgent": True, "count": waiting},
        {"label": _("Already answered"), "url": f"{here}?view=closed", "current": is_closed},
    ]
    return render(request, "console/reports.html", {"page": page, "is_closed": is_closed, "tabs": tabs})


@mediator
@require_safe
def report(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One report, what else was reported of the store, and the answer."""
    row = get_object_or_404(StoreReport.objects.select_related("store", "product", "reporter", "reviewer"), pk=pk)
    others = StoreReport.objects.filter(store=row.store).exclude(pk=pk).order_by("-made_at", "pk")[:10]
    is_party = bool(row.store.role_of(request.user.pk))
    return render(request, "console/report.html", {"row": row, "others": others, "is_party": is_party})


@mediator
@require_POST
def answer(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Close a report with words for whoever made it."""
    act = request.POST.get("act", "")
    if act not in ("uphold", "dismiss"):
        raise Invalid
    services.answer(
        report_id=pk, upheld=act == "uphold", text=request.POST.get("reason", ""), actor=actor_of(request),
        now=clock.now(),
    )  # fmt: skip
    messages.success(request, _("Answered. Whoever reported it is told."))
    return redirect("console:report", pk)
