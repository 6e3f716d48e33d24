"""The buyer's claim: what happened, what he wants, what follows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import MemberRequest
from core import clock
from core.errors import Invalid, TooMany
from core.guards import member
from core.http import actor_of
from core.money import Money
from core.policies import rules_of
from disputes.forms import CaseForm
from disputes.states import Remedy
from disputes.views.findings import findings_of, with_photos
from disputes.views.room_page import remedies_for
from flows import aftersale
from flows.deal import deal
from shop.models import Order
from shop.queries.orders import order_for_buyer
from shop.states import UNDER_ESCROW


@member
@require_http_methods(["GET", "HEAD", "POST"])
def case_new(request: MemberRequest, number: str) -> HttpResponse:
    """Ask once, on one page; the claim freezes the money."""
    order, now = order_for_buyer(request.user.pk, number), clock.now()
    if order.in_case or order.status not in UNDER_ESCROW:
        return _no_claim(request, order)
    held = _held(order)
    remedies = remedies_for(None, order=order)
    form = CaseForm(request.POST or None, request.FILES or None, remedies=remedies, held=held)
    status = 400 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            return _open(request, order, form, now)
        except (Invalid, TooMany) as refusal:
            form.add_error(None, refusal.message)
            status = refusal.status
    return render(request, "disputes/case_new.html", _context(order, form, held, now), status=status)


def _open(request: MemberRequest, order: Order, form: CaseForm, now: datetime) -> HttpResponse:
    data = form.cleaned_data
    case = aftersale.open_case(
        order_id=order.pk, ground=data["ground"], want=data["remedy"], amount=data["amount"], text=data["text"],
        photos=data["photos"], actor=actor_of(request), now=now,
    )  # fmt: skip
    messages.success(request, _("Your claim is with the store, and the money is frozen."))
    return redirect("disputes:case", case.number)


def _no_claim(request: MemberRequest, order: Order) -> HttpResponse:
    """A claim is there already, or there is nothing left to claim."""
    running = order.cases.order_by("-opened_at").first() if order.in_case else None
    if running is not None:
        return redirect("disputes:case", running.number)
    messages.info(request, _("No money is held for this order, so there is nothing to claim here."))
    return redirect(order)


def _held(order: Order) -> Money:
    hold = getattr(order, "hold", None)
    return hold.rest if hold else Money(0, order.currency)


def _context(order: Order, form: CaseForm, held: Money, now: datetime) -> dict[str, Any]:
    rules = rules_of(order.policy_id)
    view = with_photos(deal(order_id=order.pk, viewer="buyer", now=now, order=order))
    answer_by = now + timedelta(hours=rules.answer_shipped_hours if order.shipped_at else rules.answer_unshipped_hours)
    decide = answer_by + rules.hours("escalate_hours") + timedelta(hours=rules.evidence_hours + rules.decide_hours)
    return {
        "order": order,
        "deal": view,
        "form": form,
        "held": held,
        "is_refund_only": remedies_for(None, order=order) == (Remedy.REFUND,),
        "findings": findings_of(view),
        "answer_by": answer_by,
        "decide_by": decide,
        "escalate_days": rules.escalate_hours // 24,
    }
