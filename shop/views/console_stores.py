"""Stores from the platform's side: the list, one store with what hangs on it, checks, suspension, the end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.queries.people import people
from accounts.requests import MemberRequest
from core import clock
from core.errors import Invalid
from core.guards import mediator
from core.http import actor_of
from disputes.views.queue_tabs import queue_tabs
from flows import standing
from flows.papers import calendar, papers_of
from shop.guards import sensitive
from shop.models import Store, StoreCheck, StoreEnding
from shop.queries import vetting as reading
from shop.services import checks as check_services
from shop.services import papers as keeping
from shop.services.goods_papers import hang
from shop.services.reviews import may_judge
from shop.states import CheckStatus, StoreStatus

PER_PAGE = 30
VIEWS: dict[str, Promise] = {"all": gettext_lazy("All"), **{str(one): one.label for one in StoreStatus}}
TONES = {
    StoreStatus.APPLYING: "wait", StoreStatus.APPROVED: "safe", StoreStatus.SUSPENDED: "danger",
    StoreStatus.ENDING: "danger", StoreStatus.ENDED: "quiet",
}  # fmt: skip


@mediator
@require_safe
def stores(request: MemberRequest) -> HttpResponse:
    """All stores by where they stand."""
    view = request.GET.get("view", "all")
    view = view if view in VIEWS else "all"
    counts = reading.store_counts()
    counts["all"] = sum(counts.values())
    tabs = queue_tabs(VIEWS, counts, current=view, url=reverse("console:stores"), urgent="suspended")
    text = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    found = reading.stores_for_staff(status="" if view == "all" else view, text=text)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"store": row, "tone": TONES[StoreStatus(row.status)]} for row in page]
    context = {"tabs": tabs, "page": page, "rows": rows, "q": text, "view": view}
    return render(request, "console/stores.html", context)


@mediator
@require_safe
def store(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One store: where it stands, what hangs on it, what can be done and what that would mean."""
    shop = get_object_or_404(Store.objects.select_related("owner"), pk=pk)
    return render(request, "console/store.html", _context(shop, request))


def _context(shop: Store, request: MemberRequest) -> dict[str, Any]:
    now, me = clock.now(), request.user.pk
    trail = reading.trail_of(("store", str(shop.pk)))
    ending = StoreEnding.objects.filter(store=shop).first()
    check = StoreCheck.objects.select_related("reviewer").filter(store=shop, status=CheckStatus.OPEN).first()
    who = people([entry.user_id for entry in trail if entry.user_id])
    papers_there = reading.documents_of(shop.pk, all_versions=True)
    hang(papers_there)
    can_act = shop.status in (StoreStatus.APPROVED, StoreStatus.SUSPENDED)
    is_party = bool(shop.role_of(me))
    return {
        "store": shop, "tone": TONES[StoreStatus(shop.status)], "stake": standing.stake_of(shop, now=now),
        "documents": papers_there, "application": reading.application_of(shop),
        "check": check, "check_is_mine": check is not None and check.reviewer_id == me,
        "past_checks": reading.checks(open_only=False).filter(store=shop)[:10],
        "ending": ending, "to_sign": ending is not None and ending.signed_at is None,
        "may_sign": ending is not None and ending.proposed_by != me and not is_party,
        "clocks": reading.open_clocks(shop.pk), "clashes": reading.clash_of(shop.pk), "is_party": is_party,
        "can_act": can_act and not is_party and (ending is None or ending.signed_at is not None),
        "kept": papers_of(shop, now=now), "known_licences": reading.known_licence_of(shop.pk),
        "acts": [(entry, who.get(entry.user_id) if entry.user_id else None) for entry in trail],
    }  # fmt: skip


@mediator
@require_POST
@sensitive("staff_account")
def act(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Suspend, let sell again, propose the end, sign it, drop it."""
    said: dict[str, Any] = {"store_id": pk, "actor": actor_of(request), "now": clock.now()}
    reason, wish = request.POST.get("reason", "").strip(), request.POST.get("act", "")
    if wish == "suspend":
        standing.suspend(reason=reason, **said)
    elif wish == "reinstate":
        standing.reinstate(reason=reason, **said)
    elif wish == "end":
        standing.propose_end(reason=reason, refund=request.POST.get("refund") == "yes", **said)
    elif wish == "sign":
        standing.sign_end(**said)
    elif wish == "drop":
        standing.drop_end(**said)
    messages.success(request, _("Done. It stands on record with your name."))
    return redirect("console:store", pk)


@mediator
@require_POST
@sensitive("staff_account")
def papers(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Keep a store's papers from being purged, or let the clock decide again."""
    may_judge(get_object_or_404(Store, pk=pk), actor_of(request))
    change = {"keep": keeping.keep, "let_go": keeping.let_go}.get(request.POST.get("act", ""))
    if change is None:
        raise Invalid
    change(store_id=pk, reason=request.POST.get("reason", ""), actor=actor_of(request), now=clock.now())
    messages.success(request, _("Done. It stands on record with your name."))
    return redirect("console:store", pk)


@mediator
@require_safe
def checks(request: MemberRequest) -> HttpResponse:
    """Checks that are open, and the calendar of the next ones."""
    context = {
        "open": reading.checks(), "closed": reading.checks(open_only=False)[:PER_PAGE], "calendar": reading.calendar(),
        "kept": calendar(),
    }  # fmt: skip
    return render(request, "console/checks.html", context)


@mediator
@require_POST
def open_check(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Begin a spot check."""
    reason = request.POST.get("reason", "")
    check_services.open_check(store_id=pk, reason=reason, actor=actor_of(request), now=clock.now())
    messages.success(request, _("Opened. While it is open you can look into the store's documents."))
    return redirect("console:store", pk)


@mediator
@require_POST
def take_check(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take a check that the calendar has opened."""
    row = check_services.take(check_id=pk, actor=actor_of(request))
    return redirect("console:store", row.store_id)


@mediator
@require_POST
@sensitive("staff_account")
def close_check(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Write down what was found; a store that is not in order is suspended."""
    row = standing.close_check(
        check_id=pk, passed=request.POST.get("act") == "passed", finding=request.POST.get("finding", ""),
        actor=actor_of(request), now=clock.now(),
    )  # fmt: skip
    messages.success(request, _("Written down."))
    return redirect("console:store", row.store_id)
