"""Staff's queue of incidents, and one of them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import IncidentEntry
from accounts.queries.incidents import incident_counts, incident_for_staff, incident_queue
from accounts.queries.people import people
from accounts.requests import MemberRequest
from accounts.services import incidents
from accounts.states import IncidentStatus
from accounts.views.console_compensation import good_of
from core import clock
from core.errors import Invalid
from core.guards import mediator
from core.http import actor_of
from disputes.views.queue_tabs import queue_tabs
from escrow.queries.compensations import compensations_of
from flows import compensation
from flows.account_timeline import timeline_of

PER_PAGE = 30
VIEWS = {str(status): status.label for status in IncidentStatus}


@mediator
@require_safe
def queue(request: MemberRequest) -> HttpResponse:
    """Those in one state, the longest waiting first."""
    view = request.GET.get("view", "opened")
    view = view if view in VIEWS else "opened"
    tabs = queue_tabs(VIEWS, incident_counts(), current=view, url=reverse("console:incidents"), urgent="opened")
    page = Paginator(incident_queue(view), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "console/incidents.html", {"here": "incidents", "tabs": tabs, "view": view, "page": page})


@mediator
@require_safe
def incident(request: MemberRequest, incident_id: UUID) -> HttpResponse:
    """What was said and done, beside the story of the account."""
    row = incident_for_staff(incident_id)
    entries = list(row.entries.order_by("at", "pk"))
    known = people([entry.by for entry in entries if entry.by])
    said = [{"entry": entry, "by": known.get(entry.by) if entry.by else None} for entry in entries]
    page = {
        "here": "incidents",
        "incident": row,
        "said": said,
        "events": timeline_of(row.user_id),
        "kinds": IncidentEntry.Kind,
        "me": request.user.pk,
        **good_of(list(compensations_of(row.pk))),
    }
    return render(request, "console/incident.html", page)


@mediator
@require_POST
def act(request: MemberRequest, incident_id: UUID) -> HttpResponse:
    """Take it, ask the member, leave a note, close it."""
    text, actor, now = request.POST.get("text", ""), actor_of(request), clock.now()
    match request.POST.get("act", ""):
        case "take":
            incidents.take(incident_id=incident_id, actor=actor, now=now)
        case "ask":
            incidents.ask(incident_id=incident_id, text=text, actor=actor, now=now)
        case "note":
            incidents.say(incident_id=incident_id, text=text, actor=actor, now=now)
        case "close":
            paid = request.POST.get("compensation", "")
            compensation.close_incident(incident_id=incident_id, closing=text, compensation=paid, actor=actor, now=now)
        case _:
            raise Invalid
    messages.success(request, _("Done."))
    return redirect("console:incident", incident_id)
