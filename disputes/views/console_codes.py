"""Staff read an order's codes: proven, with a reason, only in the answer to it, and on record for both parties."""

from __future__ import annotations

from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.confirming import ensure
from accounts.requests import MemberRequest
from accounts.services.step_up import Act, StepUpNeeded
from core import clock
from core.agents import agent_of
from core.errors import DomainError
from core.guards import mediator
from core.http import actor_of
from flows import codes as flow
from shop.errors import NotYourOrder
from shop.models import Order
from shop.queries.codes import pieces_of
from shop.states import Kind


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why you must read them"),
        max_length=500,
        help_text=_("Buyer and merchant see that you did; staff see why."),
    )


@mediator
@require_http_methods(["GET", "HEAD", "POST"])
def codes(request: MemberRequest, number: str) -> HttpResponse:
    """Which codes an order has; a POST with a reason shows them, this once."""
    order = Order.objects.select_related("store").filter(number=number.replace("\x00", ""), kind=Kind.CODE).first()
    if order is None:
        raise NotYourOrder
    form, status = ReasonForm(request.POST or None), 200
    opened: list[flow.Opened] = []
    if request.method == "POST":
        opened, status = _open(request, order, form)
    context = {"order": order, "pieces": pieces_of(order.pk), "opened": opened, "form": form}
    return render(request, "console/codes.html", context, status=status)


def _open(request: MemberRequest, order: Order, form: ReasonForm) -> tuple[list[flow.Opened], int]:
    if not form.is_valid():
        return [], 400
    try:
        with transaction.atomic():
            opened = flow.open_for_staff(
                order_id=order.pk, reason=form.cleaned_data["reason"], actor=actor_of(request),
                device=agent_of(request), now=clock.now(),
            )  # fmt: skip
            ensure(request, Act("sealed_view", target=str(order.pk)))
    except StepUpNeeded:
        raise
    except DomainError as refusal:
        form.add_error("reason", refusal.message)
        return [], refusal.status
    return opened, 200
