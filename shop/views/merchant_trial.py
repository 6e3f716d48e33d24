"""The test order's page: pay, see it held, release it, see it on the balance."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import clock
from core.errors import NotFound
from core.http import actor_of
from core.money import Money
from escrow.queries import outlook
from flows import trial
from shop.guards import MerchantRequest, merchant
from shop.models import Order, Product
from shop.roles import Act
from shop.states import OPEN_ORDER, OrderStatus


@merchant(Act.ACCOUNT)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: MerchantRequest) -> HttpResponse:
    """Where the test order stands; a POST places it or releases its money."""
    if request.method == "POST":
        return _act(request)
    order, now = trial.trial_of(request.store), clock.now()
    context = {
        "order": order, "steps": _steps(order), "price": Money(trial.PRICE_MINOR, request.store.currency),
        "next": outlook(request.store.pk, now, currency=request.store.currency),
        "is_open": order is not None and order.status in OPEN_ORDER,
        "is_paid": order is not None and order.status == OrderStatus.PAID,
        "is_done": order is not None and order.status == OrderStatus.COMPLETED,
        "has_product": Product.objects.filter(store=request.store, variants__stock__gt=0).exists(),
    }  # fmt: skip
    return render(request, "merchant/trial.html", context)


def _act(request: MerchantRequest) -> HttpResponse:
    actor, now, store = actor_of(request), clock.now(), request.store
    if request.POST.get("act") != "release":
        payment = trial.place(store=store, actor=actor, now=now)
        return redirect("shop:payment", payment.pk)
    order = trial.trial_of(store)
    if order is None:
        raise NotFound
    trial.finish(order_id=order.pk, store_id=store.pk, actor=actor, now=now)
    messages.success(request, _("Released: %(amount)s is on your store's balance.") % {"amount": order.total})
    return redirect("merchant:trial")


def _steps(order: Order | None) -> list[dict[str, Any]]:
    """Placed, paid and held, released: as the order page shows them for a customer's order."""
    done = [
        order.placed_at if order else None, order.paid_at if order else None,
        order.closed_at if order and order.status == OrderStatus.COMPLETED else None,
    ]  # fmt: skip
    words = [_("Order placed"), _("Paid and held"), _("Released")]
    states = ["done" if at else "todo" for at in done]
    if "todo" in states:
        states[states.index("todo")] = "now"
    return [{"label": word, "at": at, "state": state} for word, at, state in zip(words, done, states, strict=True)]
