"""Reviewing applications: the queue, one application with its papers beside its words, decisions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.queries.people import mediators, people
from accounts.requests import MemberRequest
from core import clock
from core.guards import mediator
from core.http import actor_of
from disputes.views.queue_tabs import queue_tabs
from escrow.queries import payout_account
from flows import vetting
from shop.guards import sensitive
from shop.identifiers import same_name
from shop.models import StoreApplication
from shop.queries import vetting as reading
from shop.services import reviews
from shop.services.goods_papers import hang
from shop.services.viewing import open_numbers
from shop.states import ApplicationStatus, DocumentStatus

PER_PAGE = 25
VIEWS: dict[str, Promise] = {
    "unassigned": gettext_lazy("Unassigned"),
    "mine": gettext_lazy("Mine"),
    "overdue": gettext_lazy("Overdue"),
    "all": gettext_lazy("All to decide"),
    "renewals": gettext_lazy("Renewals"),
    "merchant": gettext_lazy("With the merchant"),
    "decided": gettext_lazy("Decided"),
}


@mediator
@require_safe
def applications(request: MemberRequest) -> HttpResponse:
    """The queue with age and owner, longest waiting first."""
    now, me = clock.now(), request.user.pk
    view = request.GET.get("view", "all")
    view = view if view in VIEWS else "all"
    counts = {**reading.queue_counts(user_id=me, now=now), "renewals": reading.renewals().count()}
    tabs = queue_tabs(VIEWS, counts, current=view, url=reverse("console:applications"), urgent="overdue")
    found: Any = reading.renewals() if view == "renewals" else reading.queue(view=view, user_id=me, now=now)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    due = {} if view == "renewals" else reading.review_due([row.pk for row in page])
    rows = [{"row": row, "due_at": due.get(str(row.pk))} for row in page]
    context = {"tabs": tabs, "view": view, "page": page, "rows": rows, "now": now}
    return render(request, "console/applications.html", context)


@mediator
@require_safe
@sensitive("review")
def application(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One application: each paper beside what was written, for its reviewer; for others only how it stands."""
    row = reading.application_for_staff(pk)
    return render(request, "console/application.html", _context(row, request))


def _context(row: StoreApplication, request: MemberRequest) -> dict[str, Any]:
    actor = actor_of(request)
    is_mine = row.status == ApplicationStatus.SUBMITTED and row.reviewer_id == actor.user_id
    account = payout_account(row.store_id)
    names = [name for name in (row.legal_name, row.person_name) if name]
    is_party = bool(row.store.role_of(actor.user_id))
    trail = reading.trail_of(("application", str(row.pk)), ("store", str(row.store_id)))
    who = people([entry.user_id for entry in trail if entry.user_id])
    others = people([pk for pk in mediators() if pk != row.reviewer_id]) if not is_party else {}
    stands = vetting.checklist(row)
    return {
        "row": row, "wants": reading.wanted_names(row), "stands": stands,
        "is_mine": is_mine and not is_party, "is_party": is_party,
        "can_take": row.status == ApplicationStatus.SUBMITTED and row.reviewer is None and not is_party,
        "can_assign": row.status == ApplicationStatus.SUBMITTED and not is_party,
        "numbers": open_numbers(row, actor=actor), "account": account,
        "name_fits": account is not None and any(same_name(account.holder, name) for name in names),
        "clashes": reading.clash_of(row.store_id), "others": list(others.values()),
        "due_at": reading.review_due([row.pk]).get(str(row.pk)) if row.status == ApplicationStatus.SUBMITTED else None,
        "acts": [(entry, who.get(entry.user_id) if entry.user_id else None) for entry in trail],
        "undecided": [doc for stand in stands for doc in stand.documents if doc.status == DocumentStatus.REVIEW],
        "back": [stand for stand in stands if stand.state == "returned"],
    }  # fmt: skip


@mediator
@require_POST
def take(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Become its reviewer; refused to whoever is of the store."""
    reviews.take(application_id=pk, actor=actor_of(request))
    messages.success(request, _("It is yours. Look at every paper, then decide."))
    return redirect("console:application", pk)


@mediator
@require_POST
def assign(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Give it to somebody else of the staff."""
    reviews.assign(application_id=pk, to=_uuid(request.POST.get("to", "")), actor=actor_of(request))
    messages.success(request, _("Assigned."))
    return redirect("console:application", pk)


@mediator
@require_POST
@sensitive("review")
def decide(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Approve, give back or refuse the whole."""
    act, reason = request.POST.get("act", ""), _reason(request)
    said: dict[str, Any] = {"actor": actor_of(request), "now": clock.now()}
    if act == "approve":
        vetting.approve(application_id=pk, **said)
    elif act == "refuse":
        vetting.refuse(application_id=pk, reason=reason, **said)
    else:
        reviews.give_back(application_id=pk, reason=reason, **said)
    messages.success(request, _("Decided. The merchant is told."))
    return redirect("console:application", pk)


@mediator
@require_POST
@sensitive("review")
def decide_step(request: MemberRequest, pk: UUID, key: str) -> HttpResponse:
    """Accept what was written in a step, or send it back with a reason."""
    reviews.decide_step(
        application_id=pk, key=key, accept=request.POST.get("act") == "accept", reason=_reason(request),
        actor=actor_of(request), now=clock.now(),
    )  # fmt: skip
    return redirect(f"{reverse('console:application', args=[pk])}#{key}")


@mediator
@require_POST
@sensitive("review")
def decide_document(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Accept a paper or send it back with a reason."""
    row = reviews.decide_document(
        document_id=pk, accept=request.POST.get("act") == "accept", reason=_reason(request),
        actor=actor_of(request), now=clock.now(),
    )  # fmt: skip
    application = StoreApplication.objects.filter(store_id=row.store_id).first()
    if application is not None and application.status == ApplicationStatus.SUBMITTED:
        return redirect(f"{reverse('console:application', args=[application.pk])}#{row.pk}")
    return redirect(f"{reverse('console:applications')}?view=renewals")


@mediator
@require_POST
def take_document(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Become the reviewer of a renewal."""
    reviews.take_document(document_id=pk, actor=actor_of(request))
    return redirect("console:renewal", pk)


@mediator
@require_safe
@sensitive("review")
def renewal(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A renewed paper beside the facts of the one it renews."""
    row = reading.renewal_for_staff(pk)
    is_open = row.status == DocumentStatus.REVIEW
    is_mine = is_open and row.reviewer_id == request.user.pk
    hang([row])
    context = {"row": row, "rows": [row], "is_mine": is_mine, "is_open": is_open}
    return render(request, "console/renewal.html", context)


def _reason(request: MemberRequest) -> str:
    return request.POST.get("reason", "").strip()


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
