"""The cart's doors."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import Invalid
from core.guards import public
from core.http import is_own_place
from escrow.queries.passing_on import how_held
from shop.forms.cart import AddForm, QuantityForm
from shop.queries import carts as cart_queries
from shop.queries.coupons import with_offers
from shop.services import carts

UNDO = "cart_undo"


@public
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    """What is in the cart, as it stands now."""
    mine = carts.cart_of(request)
    undo = request.session.pop(UNDO) if UNDO in request.session else None
    view = with_offers(cart_queries.checked(mine.pk), user_id=mine.user_id, now=clock.now())
    return render(request, "shop/cart.html", {"cart": view, "undo": undo, "held": how_held()})


@public
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Put something in; "buy now" goes on to the checkout with just that."""
    form = AddForm(request.POST)
    if not form.is_valid():
        raise _invalid(form)
    mine = carts.cart_of(request, create=True)
    wanted, at_once = form.cleaned_data, bool(form.cleaned_data["buy_now"])
    line = carts.add(cart=mine, variant_id=wanted["variant"], quantity=wanted["quantity"], instead=at_once)
    if at_once:
        return redirect(f"{reverse('shop:checkout')}?line={line.pk}")
    messages.success(request, _("In your cart."))
    return redirect(_back(request, reverse("shop:product", args=[line.variant.product_id])))


@public
@require_POST
def line(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change how many, or take out; taking out can be undone on the next page."""
    mine = carts.cart_of(request)
    if "remove" in request.POST:
        removed = asdict(carts.remove(cart=mine, line_id=pk))
        request.session[UNDO] = {**removed, "variant_id": str(removed["variant_id"])}
    else:
        form = QuantityForm(request.POST)
        if not form.is_valid():
            raise _invalid(form)
        carts.set_quantity(cart=mine, line_id=pk, quantity=form.cleaned_data["quantity"])
    return redirect(_back(request, reverse("shop:cart")))


def _invalid(form: AddForm | QuantityForm) -> Invalid:
    """The first thing that is wrong, as a refusal that names the field."""
    fields = {name: str(errors[0]) for name, errors in form.errors.items()}
    return Invalid(next(iter(fields.values())), fields=fields)


def _back(request: HttpRequest, default: str) -> str:
    wanted = request.POST.get("next", "")
    return wanted if is_own_place(request, wanted) else default
