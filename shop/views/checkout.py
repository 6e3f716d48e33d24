"""The checkout's door: what was chosen becomes orders, once, under the total that was shown."""

from __future__ import annotations

import json
import uuid
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Address
from accounts.queries.addresses import addresses_of
from accounts.requests import MemberRequest
from core import clock, idempotency
from core.actor import Actor
from core.errors import DomainError
from core.guards import member
from core.http import actor_of
from core.money import Money
from core.policies import current, from_values
from escrow.queries.passing_on import how_held
from flows import purchase
from flows.errors import AddressNeeded, CheckoutUsed, TotalChanged
from shop.errors import CouponRefused, NoSuchCoupon, OutOfStock
from shop.forms.checkout import CheckoutForm, line_ids_of
from shop.queries import carts as cart_queries
from shop.services import carts
from shop.views import checkout_coupons


@member
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: MemberRequest) -> HttpResponse:
    """Show what would be bought, for how much and under which rules; on POST, buy it."""
    chosen = line_ids_of((request.POST or request.GET).getlist("line"))
    if request.method != "POST":
        return _show(request, CheckoutForm(), chosen)
    form, cart_id = CheckoutForm(request.POST), carts.cart_of(request).pk
    view = cart_queries.checked(cart_id, chosen)
    choice = checkout_coupons.read(request.POST, view, user_id=request.user.pk, now=clock.now())
    if choice.is_look or not form.is_valid():
        return _show(request, form, chosen, choice, status=200 if choice.is_look and not choice.refused else 400)
    try:
        payment_id = _place_once(cart_id, chosen, form.cleaned_data, choice.codes, actor=actor_of(request))
    except (TotalChanged, OutOfStock, CheckoutUsed, CouponRefused, NoSuchCoupon) as refusal:
        return _show(request, form, chosen, choice, refusal=refusal)
    except AddressNeeded as refusal:
        return _show(request, _without_address(form, refusal), chosen, choice, status=400)
    return redirect("shop:payment", payment_id)


@transaction.atomic
def _place_once(
    cart_id: UUID, chosen: list[UUID] | None, data: dict[str, Any], codes: dict[UUID, str], *, actor: Actor
) -> UUID:
    """
    Place the orders; the same form a second time is answered with the payment of the first.

    :raises CheckoutUsed: if this page has bought something else: another choice, address, note, total or coupon
    """
    assert actor.user_id is not None
    scope = f"checkout:{actor.user_id}"
    try:
        row, is_first = idempotency.begin(scope=scope, key=str(data["checkout_key"]), body=_agreed(chosen, data, codes))
    except idempotency.KeyReused as fault:
        raise CheckoutUsed from fault
    if not is_first and row.response:
        return UUID(row.response["payment"])
    payment = purchase.place(
        buyer_id=actor.user_id,
        cart_id=cart_id,
        line_ids=chosen,
        address_id=data["address"],
        note=data["note"],
        seen_total_minor=data["seen_total_minor"],
        actor=actor,
        now=clock.now(),
        coupon_codes=codes,
    )
    idempotency.complete(row, status=302, response={"payment": str(payment.pk)})
    return payment.pk


def _agreed(chosen: list[UUID] | None, data: dict[str, Any], codes: dict[UUID, str]) -> bytes:
    """What the buyer agreed to with this page. A line is of one purchase only: it goes when it is bought."""
    lines = sorted(map(str, chosen)) if chosen is not None else "all"
    said = {name: str(data[name]) for name in ("address", "note", "seen_total_minor")}
    coupons = {str(store_id): code for store_id, code in codes.items() if code}
    return json.dumps([lines, said, coupons], sort_keys=True).encode()


def _show(
    request: MemberRequest,
    form: CheckoutForm,
    chosen: list[UUID] | None,
    choice: checkout_coupons.Choice | None = None,
    *,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    view = cart_queries.checked(carts.cart_of(request).pk, chosen)
    if not view.lines:
        return _nothing_here(request, refusal)
    view = checkout_coupons.priced(view, choice, user_id=request.user.pk, now=clock.now())
    addresses = addresses_of(user_id=request.user.pk)
    asked = form.data.get("address") or request.GET.get("address")
    context = {
        **_agreement(view, form, refusal),
        "addresses": addresses,
        "chosen": _chosen_address(asked, addresses),
        **checkout_coupons.context(view, choice),
        "here": _here(view, chosen),
        "with_address": _here(view, chosen, ("address", "")),
    }
    return render(request, "shop/checkout.html", context, status=refusal.status if refusal else status)


def _agreement(view: cart_queries.CartView, form: CheckoutForm, refusal: DomainError | None) -> dict[str, Any]:
    """What is bought, for how much and under which rules; the key makes the page good for one purchase."""
    rules = {kind: from_values(current(kind).values) for kind in view.kinds}
    return {
        "cart": view,
        "form": form,
        "checkout_key": uuid.uuid4(),
        "refusal": refusal,
        "was_total": _was_total(form, view) if refusal else None,
        "rules": rules,
        "pay_by_minutes": min(rule.pay_by_minutes for rule in rules.values()),
        "held": how_held(),
    }


def _without_address(form: CheckoutForm, refusal: DomainError) -> CheckoutForm:
    form.add_error("address", refusal.message)
    return form


def _nothing_here(request: MemberRequest, refusal: DomainError | None) -> HttpResponse:
    """Back to the cart; who has bought this already is shown his orders."""
    if isinstance(refusal, CheckoutUsed):
        messages.warning(request, refusal.message)
        return redirect("shop:orders")
    messages.info(request, _("There is nothing to check out yet."))
    return redirect("shop:cart")


def _chosen_address(asked: str | None, addresses: list[Address]) -> Address | None:
    """The one that was ticked, or has just been added; else the first. Only his own are looked at."""
    return next((address for address in addresses if str(address.pk) == asked), addresses[0] if addresses else None)


def _here(view: cart_queries.CartView, chosen: list[UUID] | None, *more: tuple[str, str]) -> str:
    """This page's own address with what was chosen, to come back to."""
    asked = [("line", str(line.pk)) for line in view.lines] if chosen is not None else []
    asked += more
    return f"{reverse('shop:checkout')}?{urlencode(asked)}" if asked else reverse("shop:checkout")


def _was_total(form: CheckoutForm, view: cart_queries.CartView) -> Money | None:
    """The total that was agreed to, if it is another now."""
    seen = Money(form.cleaned_data["seen_total_minor"], view.total.currency)
    return seen if seen != view.total else None
