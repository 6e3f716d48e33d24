"""“My account was taken”: a member's own incidents."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.queries.incidents import entries_for_member, incident_of
from accounts.requests import MemberRequest
from accounts.services import incidents
from core import clock
from core.guards import member
from core.http import actor_of
from escrow.queries.compensations import compensations_of, sums_of
from escrow.states import CompensationStatus
from flows.account_timeline import timeline_of
from flows.compensation_targets import shown


@member
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest) -> HttpResponse:
    """Say what happened; staff look at it within a day."""
    if request.method != "POST":
        return render(request, "accounts/incident_new.html")
    text = request.POST.get("text", "")
    try:
        row = incidents.open_incident(user_id=request.user.pk, text=text, actor=actor_of(request), now=clock.now())
    except incidents.NeedsWords as refusal:
        return render(request, "accounts/incident_new.html", {"refusal": refusal}, status=refusal.status)
    messages.success(request, _("We have it. Somebody looks at it within a day."))
    return redirect("accounts:incident", row.pk)


@member
@require_safe
def incident(request: MemberRequest, incident_id: UUID) -> HttpResponse:
    """What was said and done, and what comes next."""
    row = incident_of(request.user.pk, incident_id)
    made = [one for one in compensations_of(row.pk) if one.status == CompensationStatus.PAID]
    page = {
        "incident": row, "entries": entries_for_member(row), "made_good": shown(made), "sums": sums_of(made),
        "events": timeline_of(row.user_id, for_member=True),
    }  # fmt: skip
    return render(request, "accounts/incident.html", page)


@member
@require_POST
def say(request: MemberRequest, incident_id: UUID) -> HttpResponse:
    """Add words."""
    row = incident_of(request.user.pk, incident_id)
    incidents.say(incident_id=row.pk, text=request.POST.get("text", ""), actor=actor_of(request), now=clock.now())
    messages.success(request, _("Sent."))
    return redirect("accounts:incident", row.pk)
