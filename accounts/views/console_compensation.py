"""Staff make good what happened to an account: decide an amount, agree to one, turn one down."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.confirming import ensure
from accounts.forms.compensation import CompensationForm
from accounts.models import Incident
from accounts.queries.incidents import incident_for_staff
from accounts.requests import MemberRequest
from accounts.services.step_up import StepUpNeeded, staff_money
from core import clock
from core.errors import DomainError
from core.guards import mediator
from core.http import actor_of
from escrow.models import Compensation
from escrow.queries.compensations import compensations_of, sums_of
from escrow.states import CompensationStatus
from flows import compensation
from flows.compensation_targets import places_for, shown


@mediator
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: MemberRequest, incident_id: UUID) -> HttpResponse:
    """What was made good so far, and the form for more."""
    row = incident_for_staff(incident_id)
    made = list(compensations_of(row.pk))
    places = places_for(row.user_id)
    form = CompensationForm(request.POST or None, places=places, initial={"number": len(made) + 1})
    if request.method == "POST" and _decided(request, row, form):
        return redirect("console:incident", row.pk)
    page = {"here": "incidents", "incident": row, "form": form, "places": places, **good_of(made)}
    return render(request, "console/compensation.html", page, status=422 if form.errors else 200)


def _decided(request: MemberRequest, row: Incident, form: CompensationForm) -> bool:
    """Whether what was typed is decided now; if not, the form says why."""
    if not form.is_valid():
        return False
    try:
        made = _decide(request, row, form)
    except StepUpNeeded:
        raise
    except DomainError as refusal:
        form.show(refusal)
        return False
    if made.status == CompensationStatus.APPROVAL:
        messages.warning(request, _("%(amount)s waits: a second person has to agree.") % {"amount": made.amount})
    else:
        messages.success(request, _("%(amount)s is made good.") % {"amount": made.amount})
    return True


def _decide(request: MemberRequest, row: Incident, form: CompensationForm) -> Compensation:
    wish = form.wish()
    act = staff_money("compensation", f"{row.pk}:{wish['number']}:{form.cleaned_data['place']}", wish["amount"])
    with transaction.atomic():
        made = compensation.decide(incident_id=row.pk, **wish, actor=actor_of(request), now=clock.now())
        ensure(request, act)
    return made


@mediator
@require_POST
def approve(request: MemberRequest, pk: int) -> HttpResponse:
    """Be the second pair of eyes."""
    with transaction.atomic():
        row = compensation.approve(compensation_id=pk, actor=actor_of(request), now=clock.now())
        ensure(request, staff_money("compensation.approve", pk, row.amount))
    messages.success(request, _("%(amount)s is made good.") % {"amount": row.amount})
    return redirect("console:incident", row.incident_id)


@mediator
@require_POST
def refuse(request: MemberRequest, pk: int) -> HttpResponse:
    """Do not agree, or take one's own back."""
    reason = request.POST.get("reason", "")
    row = compensation.refuse(compensation_id=pk, reason=reason, actor=actor_of(request), now=clock.now())
    messages.success(request, _("Refused. Nothing was paid."))
    return redirect("console:incident", row.incident_id)


def good_of(made: list[Any]) -> dict[str, Any]:
    """What a page shows of an incident's compensations: each in words, and what they come to."""
    return {"made_good": shown(made), "sums": sums_of(made)}
