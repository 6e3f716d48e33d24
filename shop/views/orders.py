"""The buyer's orders: the list, one order, and what he may do with it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import MemberRequest
from core import clock
from core.exports import json_file
from core.guards import member
from core.http import actor_of
from core.wording import when
from escrow.queries import misfits, order_lines
from flows import cancellation, release
from flows.acts import MISSING
from flows.deal import deal, furthest_behind
from flows.records import order_record
from logistics.models import Shipment
from logistics.queries import pickup_code, shipments_of
from shop.models import Order
from shop.queries.orders import order_for_buyer
from shop.queries.promises import promised
from shop.states import OrderStatus
from shop.views.order_rows import order_list

CONFIRMABLE = (OrderStatus.SHIPPED, OrderStatus.DELIVERED)


@member
@require_safe
def orders(request: MemberRequest) -> HttpResponse:
    """All of a buyer's orders, by what they wait for."""
    return render(request, "shop/orders.html", order_list(request))


@member
@require_safe
def order(request: MemberRequest, number: str) -> HttpResponse:
    """One deal: where the money is first, then everything else about it."""
    mine = _mine(request, number)
    view = deal(order_id=mine.pk, viewer="buyer", now=clock.now(), order=mine)
    for parcel in view.shipments:
        parcel.order = view.order
        parcel.code = pickup_code(parcel, actor=actor_of(request))  # type: ignore[attr-defined]
    return render(request, "shop/order.html", {"deal": view, "order": view.order})


@member
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: MemberRequest, number: str) -> HttpResponse:
    """Look at what was promised before saying that it has arrived; saying so pays the merchant."""
    mine = _mine(request, number)
    if request.method == "POST":
        release.confirm_receipt(order_id=mine.pk, actor=actor_of(request), now=clock.now())
        messages.success(request, _("Thank you. %(amount)s now goes to the merchant.") % {"amount": mine.total})
        return redirect(mine)
    if mine.status not in CONFIRMABLE or mine.in_case:
        messages.info(request, _("There is nothing to confirm at the moment."))
        return redirect(mine)
    parcel = _undelivered(mine)
    context = {"order": mine, "parcel": parcel, "is_missing": parcel is not None and parcel.status in MISSING}
    return render(request, "shop/confirm.html", context | {"promises": promised(list(mine.lines.all()))})


@member
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: MemberRequest, number: str) -> HttpResponse:
    """Call a deal off while that is still the buyer's to decide; asked for, this repeats what comes back."""
    mine, reason = _mine(request, number), request.POST.get("reason", "").replace("\x00", "")[:200]
    if request.method != "POST":
        return _before_cancelling(request, mine)
    done = cancellation.cancel(order_id=mine.pk, reason=reason, actor=actor_of(request), now=clock.now())
    if done.status == OrderStatus.REFUNDED:
        messages.success(request, _("Cancelled. %(amount)s is on its way back to you.") % {"amount": mine.total})
    else:
        messages.success(request, _("Cancelled. Nothing was paid, so nothing has to come back."))
    return redirect(mine)


@member
@require_POST
def extend(request: MemberRequest, number: str) -> HttpResponse:
    """Take more time to look."""
    mine = _mine(request, number)
    end = release.extend_inspection(order_id=mine.pk, actor=actor_of(request), now=clock.now())
    messages.success(request, _("You now have until %(when)s to check what you received.") % {"when": when(end)})
    return redirect(mine)


@member
@require_safe
def money(request: MemberRequest, number: str) -> HttpResponse:
    """The running account of one order, which prints as its receipt."""
    mine = _mine(request, number)
    return render(
        request, "shop/money.html", {"order": mine, "lines": order_lines(mine.pk, unfit=misfits(mine.payment_id))}
    )


@member
@require_safe
def record(request: MemberRequest, number: str) -> HttpResponse:
    """Everything on record of an order, signed, to be kept and checked without us."""
    mine = _mine(request, number)
    return json_file(f"{mine.number}.json", order_record(mine, now=clock.now()))


@member
@require_safe
def promise(request: MemberRequest, number: str) -> HttpResponse:
    """What the listings said when they were bought from."""
    mine = _mine(request, number)
    return render(request, "shop/promise.html", {"order": mine, "promises": promised(list(mine.lines.all()))})


def _before_cancelling(request: MemberRequest, mine: Order) -> HttpResponse:
    """What cancelling means, once more, before it is done."""
    view = deal(order_id=mine.pk, viewer="buyer", now=clock.now(), order=mine, bare=True)
    act = next((act for act in view.acts if act.key == "cancel"), None)
    if act is None:
        messages.info(request, _("There is nothing to cancel at the moment."))
        return redirect(mine)
    return render(request, "shop/cancel.html", {"order": mine, "act": act, "is_paid": view.hold is not None})


def _undelivered(mine: Order) -> Shipment | None:
    """The parcel that keeps an order from being delivered."""
    return furthest_behind(shipments_of(mine.pk)) if mine.status == OrderStatus.SHIPPED else None


def _mine(request: MemberRequest, number: str) -> Order:
    return order_for_buyer(request.user.pk, number)
