"""Staff's queue of recoveries: the proofs beside the account's story, yes or no with a reason."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.confirming import ensure
from accounts.queries.incidents import recoveries, recovery_counts, recovery_for_staff
from accounts.queries.people import people
from accounts.requests import MemberRequest
from accounts.services.step_up import Act
from accounts.states import RecoveryStatus
from core import clock
from core.errors import Invalid
from core.guards import mediator
from core.http import actor_of
from disputes.views.queue_tabs import queue_tabs
from flows import recovery as flow
from flows.account_timeline import timeline_of

PER_PAGE = 30
VIEWS = {str(status): status.label for status in RecoveryStatus}
VERBS = {"approve": flow.approve, "refuse": flow.refuse}


@mediator
@require_safe
def queue(request: MemberRequest) -> HttpResponse:
    view = request.GET.get("view", "review")
    view = view if view in VIEWS else "review"
    tabs = queue_tabs(VIEWS, recovery_counts(), current=view, url=reverse("console:recoveries"), urgent="review")
    page = Paginator(recoveries(view), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "console/recoveries.html", {"here": "accounts", "tabs": tabs, "view": view, "page": page})


@mediator
@require_safe
def recovery(request: MemberRequest, recovery_id: UUID) -> HttpResponse:
    row = recovery_for_staff(recovery_id)
    known = people([pk for pk in (row.started_by, row.reviewed_by) if pk])
    page = {
        "here": "accounts", "recovery": row, "events": timeline_of(row.user_id), "ends": row.started_at + flow.WAIT,
        "starter": known.get(row.started_by) if row.started_by else None,
        "reviewer": known.get(row.reviewed_by) if row.reviewed_by else None,
        "may_decide": row.status == RecoveryStatus.REVIEW and request.user.pk not in (row.user_id, row.started_by),
    }  # fmt: skip
    return render(request, "console/recovery.html", page)


@mediator
@require_POST
def act(request: MemberRequest, recovery_id: UUID) -> HttpResponse:
    """Yes or no; each asks who is there."""
    name, reason = request.POST.get("act", ""), request.POST.get("reason", "")
    if name not in VERBS:
        raise Invalid
    with transaction.atomic():
        row = VERBS[name](recovery_id=recovery_id, reason=reason, actor=actor_of(request), now=clock.now())
        ensure(request, Act("staff_account", target=str(row.user_id)))
    messages.success(request, _("Done."))
    return redirect("console:recovery", recovery_id)
