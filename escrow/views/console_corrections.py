"""Staff's pages for what the books cannot settle by themselves: chargebacks, corrections, parked money."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.confirming import ensure
from accounts.services.step_up import StepUpNeeded, digest_of, staff_money
from core import clock
from core.actor import Actor
from core.errors import DomainError
from core.guards import mediator
from core.http import actor_of
from escrow import queries
from escrow.forms import CorrectionForm
from escrow.services import adjustments
from flows import parked

PER_PAGE, SHOWN = 50, 50


@mediator
@require_safe
def chargebacks(request: HttpRequest) -> HttpResponse:
    """What payers' banks have taken back: open ones first, each with where it was taken from."""
    page = Paginator(queries.chargebacks(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "console/chargebacks.html", {"here": "payments", "page": page})


@mediator
@require_http_methods(["GET", "HEAD", "POST"])
def corrections(request: HttpRequest) -> HttpResponse:
    """Corrections that wait for a second person, and the form that proposes one."""
    form = CorrectionForm(request.POST or None)
    if request.method == "POST" and _proposed(request, form, actor_of(request)):
        messages.success(request, _("Proposed. Another person has to sign it."))
        return redirect("console:corrections")
    context = {
        "here": "payments",
        "form": form,
        "rows": queries.adjustments(limit=SHOWN),
        "me": actor_of(request).user_id,
    }
    return render(request, "console/corrections.html", context, status=422 if form.errors else 200)


def _proposed(request: HttpRequest, form: CorrectionForm, actor: Actor) -> bool:
    """Whether what was typed stands now as a proposal; if not, the form says why."""
    if not form.is_valid():
        return False
    data = form.cleaned_data
    wish = {"debit": data["debit"], "credit": data["credit"], "amount": data["money"], "reason": data["reason"]}
    try:
        with transaction.atomic():
            adjustments.propose(**wish, actor=actor, now=clock.now())
            ensure(request, staff_money("correction", digest_of(data["debit"], data["credit"]), data["money"]))
    except StepUpNeeded:
        raise
    except DomainError as refusal:
        form.show(refusal)
        return False
    return True


@mediator
@require_POST
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign another person's correction; it is posted at once."""
    with transaction.atomic():
        adjustments.sign(adjustment_id=pk, actor=actor_of(request), now=clock.now())
        ensure(request, staff_money("correction.sign", pk))
    messages.success(request, _("Signed and posted."))
    return redirect("console:corrections")


@mediator
@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Turn a correction down, or take one's own back."""
    adjustments.refuse(adjustment_id=pk, actor=actor_of(request), now=clock.now())
    messages.success(request, _("Refused. Nothing was posted."))
    return redirect("console:corrections")


@mediator
@require_POST
def receipt_give(request: HttpRequest, pk: int) -> HttpResponse:
    """Hold parked money for the orders it was paid for."""
    with transaction.atomic():
        payment = parked.give_to_orders(receipt_id=pk, reason="", actor=actor_of(request), now=clock.now())
        ensure(request, staff_money("receipt.give", pk))
    messages.success(request, _("%(amount)s is held for its orders now.") % {"amount": payment.amount})
    return redirect("console:payments")
