"""The merchant's orders: the list, one order, shipping it, calling it off, granting time."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import DomainError
from core.exports import csv_file, json_file
from core.http import actor_of
from core.wording import when
from flows import cancellation, fulfilment, release
from flows.records import order_record
from logistics.queries import carriers_for
from shop.forms.merchant import ShipForm
from shop.guards import MerchantRequest, merchant
from shop.queries.orders import order_for_store
from shop.roles import Act
from shop.views.merchant_order_page import order_page
from shop.views.merchant_rows import EXPORT_HEAD, export_rows, order_table

PER_PAGE = 50


@merchant
@require_safe
def orders(request: MerchantRequest) -> HttpResponse:
    """A store's orders by what they wait for."""
    return render(request, "merchant/orders.html", order_table(request, per_page=PER_PAGE))


@merchant
@require_safe
def export(request: MerchantRequest) -> HttpResponseBase:
    """The view that is being looked at, all its pages, as a file."""
    return csv_file("orders.csv", EXPORT_HEAD, export_rows(request))


@merchant
@require_safe
def order(request: MerchantRequest, number: str) -> HttpResponse:
    """One deal in the merchant's voice, with the form that ships it."""
    return _page(request, number, ShipForm(carriers=carriers_for(request.store.pk)))


@merchant(Act.MONEY)
@require_safe
def record(request: MerchantRequest, number: str) -> HttpResponse:
    """Everything on record of an order, signed: the same file that the buyer gets."""
    mine = order_for_store(request.store.pk, number)
    return json_file(f"{mine.number}.json", order_record(mine, now=clock.now()))


@merchant(Act.SHIP)
@require_POST
def ship(request: MerchantRequest, number: str) -> HttpResponse:
    """Book the parcel; a refusal shows the form again with everything that was typed."""
    mine = order_for_store(request.store.pk, number)
    form = ShipForm(request.POST, request.FILES, carriers=carriers_for(request.store.pk))
    if not form.is_valid():
        return _page(request, number, form, status=422)
    data = form.cleaned_data
    try:
        fulfilment.ship(
            order_id=mine.pk, store_id=request.store.pk, carrier_code=data["carrier"], number=data["number"],
            weight_g=data["weight_g"], photos=data["photos"], actor=actor_of(request), now=clock.now(),
        )  # fmt: skip
    except DomainError as refusal:
        form.show(refusal)
        return _page(request, number, form, status=refusal.status)
    messages.success(request, _("Booked. It counts as shipped with the carrier's first scan."))
    return redirect("merchant:order", number)


@merchant(Act.CANCEL)
@require_POST
def cancel(request: MerchantRequest, number: str) -> HttpResponse:
    """Refund an order that cannot be shipped."""
    mine = order_for_store(request.store.pk, number)
    cancellation.cancel(order_id=mine.pk, reason="merchant cannot ship", actor=actor_of(request), now=clock.now())
    messages.success(request, _("Refunded. %(amount)s goes back to the buyer.") % {"amount": mine.total})
    return redirect("merchant:order", number)


@merchant(Act.GRANT)
@require_POST
def grant(request: MerchantRequest, number: str) -> HttpResponse:
    """Give the buyer more days to look."""
    mine = order_for_store(request.store.pk, number)
    text = request.POST.get("days", "")
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    end = release.grant_time(
        order_id=mine.pk, store_id=request.store.pk, days=days, actor=actor_of(request), now=clock.now()
    )
    messages.success(request, _("The buyer now has until %(when)s.") % {"when": when(end)})
    return redirect("merchant:order", number)


def _page(request: MerchantRequest, number: str, form: ShipForm, *, status: int = 200) -> HttpResponse:
    mine = order_for_store(request.store.pk, number)
    return render(request, "merchant/order.html", order_page(mine, form=form, now=clock.now()), status=status)
