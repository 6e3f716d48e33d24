"""A merchant gives money back after the release."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.confirming import ensure
from accounts.services.step_up import Act as Confirmed
from accounts.services.step_up import StepUpNeeded
from core import clock
from core.errors import DomainError
from core.http import actor_of
from flows import late_refunds
from shop.forms.give_back import GiveBackForm
from shop.guards import MerchantRequest, merchant
from shop.models import Order
from shop.queries.orders import order_for_store
from shop.roles import Act


@merchant(Act.GIVE_BACK)
@require_http_methods(["GET", "HEAD", "POST"])
def refund(request: MerchantRequest, number: str) -> HttpResponse:
    """Ask how much, say what it means, and do it on the second word."""
    mine = order_for_store(request.store.pk, number)
    form = GiveBackForm(request.POST or None, currency=mine.currency)
    if request.method != "POST" or not form.is_valid():
        return _page(request, mine, form)
    try:
        if request.POST.get("sure") != "1":
            return _page(request, mine, form, sure=late_refunds.preview(order_id=mine.pk, **form.wish()))
        _give_back(request, mine, form)
    except DomainError as refusal:
        _show(form, refusal)
        return _page(request, mine, form)
    amount = form.cleaned_data["money"]
    messages.success(request, _("%(amount)s is on its way back to the buyer.") % {"amount": amount})
    return redirect("merchant:order", number)


def _give_back(request: MerchantRequest, order: Order, form: GiveBackForm) -> None:
    with transaction.atomic():
        late_refunds.give_back(order_id=order.pk, **form.wish(), actor=actor_of(request), now=clock.now())
        ensure(request, _act(order, form))


def _show(form: GiveBackForm, refusal: DomainError) -> None:
    """A refusal stands in the form; the question who is there is a page of its own."""
    if isinstance(refusal, StepUpNeeded):
        raise refusal
    form.show(refusal)


def _act(order: Order, form: GiveBackForm) -> Confirmed:
    money = form.cleaned_data["money"]
    return Confirmed("payout", amount_minor=money.minor, currency=money.currency, target=str(order.pk))


def _page(request: MerchantRequest, order: Order, form: GiveBackForm, **more: Any) -> HttpResponse:
    most = late_refunds.most_to_give_back(order)
    context = {"order": order, "form": form, "most": most, **more}
    return render(request, "merchant/refund.html", context, status=422 if form.errors else 200)
