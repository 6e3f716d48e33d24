"""Staff's pages of accounts: find a person, see how he stands and what happened, limit, freeze, open again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.confirming import ensure
from accounts.forms.recovery import address
from accounts.queries.incidents import find_people, incidents_of, unfreeze_request
from accounts.queries.people import people, person
from accounts.requests import MemberRequest
from accounts.services.incidents import open_incident
from accounts.services.step_up import Act
from accounts.states import Standing
from core import clock
from core.errors import Invalid
from core.guards import mediator
from core.http import actor_of
from flows import incidents, recovery
from flows.account_timeline import timeline_of

PER_PAGE = 30
TO = {"limit": Standing.LIMITED, "freeze": Standing.FROZEN}


@mediator
@require_safe
def accounts(request: MemberRequest) -> HttpResponse:
    """People by e-mail, phone or name; without a question those that are limited, frozen or closed."""
    text = request.GET.get("q", "")
    page = Paginator(find_people(text), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "console/accounts.html", {"here": "accounts", "q": text, "page": page})


@mediator
@require_safe
def account(request: MemberRequest, user_id: UUID) -> HttpResponse:
    """One account: standing, what may be done, its story."""
    found, asked = person(user_id), unfreeze_request(user_id)
    page: dict[str, Any] = {
        "here": "accounts", "person": found, "asked": asked,
        "asker": people([asked.asked_by]).get(asked.asked_by) if asked else None,
        "has_money": incidents.has_money(user_id), "incidents": incidents_of(user_id),
        "events": timeline_of(user_id), "is_own": user_id == request.user.pk,
    }  # fmt: skip
    return render(request, "console/account.html", page)


@mediator
@require_POST
def act(request: MemberRequest, user_id: UUID) -> HttpResponse:
    """Do one thing to an account: each wants a reason, and asks who is there."""
    name = request.POST.get("act", "")
    if name not in ACTS:
        raise Invalid
    with transaction.atomic():
        words = ACTS[name](request, user_id, request.POST.get("reason", ""))
        ensure(request, Act("staff_account", target=str(user_id)))
    messages.success(request, words)
    return redirect("console:account", user_id)


def _restrict(request: MemberRequest, user_id: UUID, reason: str) -> str:
    to = TO[request.POST["act"]]
    now = clock.now()
    if not incidents.restrict(user_id=user_id, to=to, reason=reason, actor=actor_of(request), now=now):
        return _("It was so already.")
    return _("Done: %(standing)s. No money leaves; open orders go on.") % {"standing": to.label}


def _unfreeze(request: MemberRequest, user_id: UUID, reason: str) -> str:
    if incidents.unfreeze(user_id=user_id, reason=reason, actor=actor_of(request), now=clock.now()):
        return _("The account is open again.")
    return _("Asked. There is money in it: another of the staff has to agree.")


def _refuse(request: MemberRequest, user_id: UUID, reason: str) -> str:
    incidents.refuse_unfreeze(user_id=user_id, reason=reason, actor=actor_of(request), now=clock.now())
    return _("It stays as it is.")


def _sign_out(request: MemberRequest, user_id: UUID, reason: str) -> str:
    ended = incidents.sign_out_everywhere(user_id=user_id, reason=reason, actor=actor_of(request), now=clock.now())
    return _("%(count)d sessions ended; no device is trusted any more.") % {"count": ended}


def _report(request: MemberRequest, user_id: UUID, reason: str) -> str:
    open_incident(user_id=user_id, text=reason, actor=actor_of(request), now=clock.now())
    return _("The incident is open.")


def _recover(request: MemberRequest, user_id: UUID, reason: str) -> str:
    recovery.start_by_staff(
        user_id=user_id, contact=_contact(request), reason=reason, actor=actor_of(request), now=clock.now()
    )
    return _("Begun. Its owner has three days to object; another of the staff looks at it then.")


def _contact(request: MemberRequest) -> str:
    try:
        return address(request.POST.get("contact", "")[:254])
    except ValidationError as wrong:
        raise Invalid(" ".join(wrong.messages)) from wrong


ACTS = {
    "limit": _restrict, "freeze": _restrict, "unfreeze": _unfreeze, "refuse": _refuse, "sign_out": _sign_out,
    "incident": _report, "recover": _recover,
}  # fmt: skip
