"""Staff's page of payouts: what waits for a second person, what is on its way or came back, the switch, who owes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.confirming import ensure, proven
from accounts.services.step_up import StepUpNeeded, digest_of, staff_money
from core import clock
from core.errors import DomainError
from core.guards import mediator
from core.http import actor_of
from disputes.views.queue_tabs import queue_tabs
from escrow.forms import TermsForm
from escrow.models import MerchantTerms, Payout
from escrow.queries import (
    debts,
    outlook,
    payout_counts,
    payouts_in,
    payouts_to_approve,
    stop_in_force,
    terms_history,
    terms_of,
)
from escrow.queries.custody import shortages
from escrow.services import payout_stop
from escrow.services import payouts as verbs
from flows import payouts as approval
from shop.models import Store

PER_PAGE = 30
SHOWN = 50
VIEWS: dict[str, Promise] = {
    "prepared": gettext_lazy("Waiting to leave"),
    "sent": gettext_lazy("At the bank"),
    "failed": gettext_lazy("Failed"),
    "returned": gettext_lazy("Sent back"),
    "paid": gettext_lazy("Paid out"),
}


@mediator
@require_safe
def payouts(request: HttpRequest) -> HttpResponse:
    """The payout run."""
    view = request.GET.get("view", "prepared")
    view = view if view in VIEWS else "prepared"
    page = Paginator(payouts_in(view), PER_PAGE).get_page(request.GET.get("page"))
    waiting = list(payouts_to_approve()[:SHOWN])
    context = {
        "stop": (stop := stop_in_force()),
        "short": shortages(clock.now()) if stop else [],
        "waiting": _with_stores(waiting),
        "tabs": queue_tabs(VIEWS, payout_counts(), current=view, url=reverse("console:payouts"), urgent="returned"),
        "view": view, "page": page, "rows": _with_stores(page),
        "debts": _named(debts()[:SHOWN]), "terms": _named(_newest_terms()),
    }  # fmt: skip
    return render(request, "console/payouts.html", context)


@mediator
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Be the second pair of eyes."""
    with transaction.atomic():
        payout = approval.approve(payout_id=pk, actor=actor_of(request), now=clock.now())
        ensure(request, staff_money("payout.approve", pk, payout.amount))
    messages.success(request, _("%(amount)s may leave.") % {"amount": payout.amount})
    return redirect("console:payouts")


@mediator
@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Do not let it leave."""
    with transaction.atomic():
        payout = verbs.refuse_payout(payout_id=pk, reason=_reason(request), actor=actor_of(request), now=clock.now())
        ensure(request, staff_money("payout.refuse", pk, payout.amount))
    messages.success(request, _("%(amount)s is in the store's balance again.") % {"amount": payout.amount})
    return redirect("console:payouts")


@mediator
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Throw the switch."""
    payout_stop.stop_payouts(reason=_reason(request), actor=actor_of(request), now=clock.now())
    messages.warning(request, _("Payouts are stopped. Nothing leaves until the switch is lifted."))
    return redirect("console:payouts")


@mediator
@require_POST
def lift(request: HttpRequest) -> HttpResponse:
    """Let payouts leave again."""
    with proven(request, staff_money("lift")):  # the books are counted in their own snapshot
        payout_stop.lift_stop(actor=actor_of(request), now=clock.now())
    messages.success(request, _("Payouts leave again."))
    return redirect("console:payouts")


@mediator
@require_POST
def ask_to_lift(request: HttpRequest) -> HttpResponse:
    """Be the first of the two who let payouts leave while custody is short."""
    with transaction.atomic():
        payout_stop.ask_to_lift(reason=_reason(request), actor=actor_of(request), now=clock.now())
        ensure(request, staff_money("lift.ask"))
    messages.success(request, _("Asked. Another of the staff has to agree."))
    return redirect("console:payouts")


@mediator
@require_POST
def agree_to_lift(request: HttpRequest) -> HttpResponse:
    """Be the second."""
    with proven(request, staff_money("lift.agree")):
        payout_stop.agree_to_lift(actor=actor_of(request), now=clock.now())
    messages.success(request, _("Payouts leave again."))
    return redirect("console:payouts")


@mediator
@require_POST
def refuse_to_lift(request: HttpRequest) -> HttpResponse:
    """Do not agree: the switch stays as it is."""
    payout_stop.refuse_to_lift(actor=actor_of(request), now=clock.now())
    messages.success(request, _("Refused. Payouts stay stopped."))
    return redirect("console:payouts")


@mediator
@require_http_methods(["GET", "HEAD", "POST"])
def store(request: HttpRequest, store_id: UUID) -> HttpResponse:
    """A store's balance, what leaves next, and its terms, which can be set anew."""
    shop = get_object_or_404(Store, pk=store_id)
    form = _terms_form(request, shop)
    if request.method == "POST" and _saved(request, shop, form):
        messages.success(request, _("Saved."))
        return redirect("console:payout-store", store_id)
    context = {
        "store": shop, "form": form, "next": outlook(shop.pk, clock.now(), currency=shop.currency),
        "history": terms_history(shop.pk, shop.currency)[:SHOWN],
        "payouts": payouts_in().filter(store_id=shop.pk)[:PER_PAGE],
    }  # fmt: skip
    return render(request, "console/payout_store.html", context, status=422 if request.method == "POST" else 200)


def _terms_form(request: HttpRequest, shop: Store) -> TermsForm:
    terms = terms_of(shop.pk, shop.currency)
    initial = {
        "credit_line": terms.credit_line.digits, "reserve": terms.percent, "reserve_days": terms.reserve_days,
    }  # fmt: skip
    return TermsForm(request.POST or None, currency=shop.currency, initial=initial)


def _saved(request: HttpRequest, shop: Store, form: TermsForm) -> bool:
    if not form.is_valid():
        return False
    try:
        with transaction.atomic():
            approval.set_terms(
                store_id=shop.pk, currency=shop.currency, actor=actor_of(request), now=clock.now(), **form.wanted()
            )  # fmt: skip
            ensure(request, staff_money("terms", digest_of(shop.pk, *form.wanted().values())))
    except StepUpNeeded:
        raise
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return False
    return True


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\x00", "").strip()


def _stores(rows: Iterable[Any]) -> dict[UUID, Store]:
    return Store.objects.in_bulk({row.store_id for row in rows})


def _with_stores(payouts: Iterable[Payout]) -> list[dict[str, Any]]:
    rows = list(payouts)
    stores = _stores(rows)
    return [{"payout": row, "store": stores.get(row.store_id)} for row in rows]


def _named(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Debts or terms, each with its store; what belongs to no store of ours is left out."""
    found = list(rows)
    stores = _stores(found)
    return [{"row": row, "store": stores[row.store_id]} for row in found if row.store_id in stores]


def _newest_terms() -> list[MerchantTerms]:
    """The terms in force of each store that has terms of its own, the newest first."""
    newest: dict[tuple[UUID, str], MerchantTerms] = {}
    for row in MerchantTerms.objects.order_by("-pk")[: SHOWN * 4]:
        newest.setdefault((row.store_id, row.currency), row)
    return list(newest.values())[:SHOWN]
