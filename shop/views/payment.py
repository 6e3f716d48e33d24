"""The payment page: what is to be paid, until when, and what has become of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import clock, deadlines
from core.guards import member
from core.http import wants_json
from core.prepared import Blank, Prepared
from core.qr import as_image
from escrow.errors import PaymentNotOpen
from escrow.gateways import NAMES, is_pretended
from escrow.gateways.base import Created, Refused, Unavailable
from escrow.models import Payment, Receipt
from escrow.queries.passing_on import how_held
from escrow.services import payments
from escrow.services.ways import choose_way
from escrow.states import PaymentStatus, ReceiptOutcome
from flows import purchase
from shop.models import Order

PAY = "pay=1"
POLL_SECONDS = (3, 3, 3, 3, 5, 5, 8, 12, 20, 30)  # the last one repeats


_MINE = Prepared(lambda: Payment.objects.filter(pk=Blank("pk"), buyer=Blank("buyer")))
_ORDERS = Prepared(
    lambda: Order.objects.filter(payment=Blank("payment")).select_related("store").order_by("placed_at", "number")
)
_PARKED = Prepared(
    lambda: Receipt.objects.filter(payment=Blank("payment")).exclude(outcome=ReceiptOutcome.APPLIED).order_by("-pk")[:1]
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A payment as its page shows it. ``state``: open, expired, paid, closed."""

    payment: Payment
    orders: list[Order]
    parked: Receipt | None
    back_by: datetime | None
    state: str

    @property
    def mark(self) -> str:
        """Changes whenever the page would look different."""
        parked = f"{self.parked.pk}{self.parked.outcome}" if self.parked else ""
        return f"{self.state}.{parked}.{len(self.payment.declined_reason)}"

    @property
    def is_waiting(self) -> bool:
        return self.state in ("open", "expired")


def shown(request: HttpRequest, pk: UUID) -> Shown:
    """
    Read a payment for the one who pays it.

    :raises Http404: for everybody else
    """
    payment = _MINE.first(pk=pk, buyer=request.user.pk)
    if payment is None:
        raise Http404
    orders = _ORDERS.all(payment=pk)
    parked = _PARKED.first(payment=pk)
    clocks = deadlines.open_deadlines(subjects=[parked.pk]) if parked else []
    back_by = next((row.due_at for row in clocks if row.kind == "receipt.return"), None)
    over = payment.status == PaymentStatus.OPEN and payment.expires_at <= clock.now()
    return Shown(payment, orders, parked, back_by, state="expired" if over else payment.status)


@member
@require_http_methods(["GET", "HEAD", "POST"])
def payment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """
    Show a payment; with ``?pay=1`` its code or account as well, or go to the provider's page; on POST ask about it.
    ``?pay=alipay`` chooses another provider first.

    The way to the provider is a link, not a form: browsers refuse a form's redirect to an address that the policy's
    form-action does not name.
    """
    view = shown(request, pk)
    if request.method == "POST":
        if request.POST.get("act") == "check":
            return _settle(request, view)
        return redirect(payments.start_payment(payment_id=pk).url or f"{request.path}?{PAY}")
    names = _names(view)
    way = _way_to_pay(request, view, names)
    if way and way.url:
        return redirect(way.url)
    code = as_image(way.qr) if way and way.qr else ""
    context = {"view": view, "way": way, "code": code, "next_look": POLL_SECONDS[0], "looks": 1, **_choice(view, names)}
    return render(request, "shop/payment.html", {**context, "held": how_held(view.payment.gateway)})


@member
@require_safe
def status(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Tell a waiting page to look again later, or to show itself anew; machines get JSON."""
    view = shown(request, pk)
    if wants_json(request):
        return JsonResponse(_as_json(view))
    if request.GET.get("mark") != view.mark:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    looks = _looks(request.GET.get("looks", ""))
    context = {"view": view, "next_look": POLL_SECONDS[min(looks, len(POLL_SECONDS) - 1)], "looks": looks + 1}
    return render(request, "shop/payment_poll.html", context)


@member
@require_safe
def returned(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Back from the provider's page: find out what is true and go where it can be seen."""
    return _settle(request, shown(request, pk))


def _names(view: Shown) -> list[str]:
    """By whom it may be paid, as long as it may and there is a choice."""
    if view.state != "open" or not view.orders or len(settings.PAYMENT_GATEWAYS) < 2:
        return []
    return purchase.ways_to_pay(payment=view.payment, policy_ids=[order.policy_id for order in view.orders])


def _choice(view: Shown, names: list[str]) -> dict[str, object]:
    """``chosen``: the name of who is asked now, if there is a choice; ``others``: code and name of the rest."""
    gateway = view.payment.gateway
    others = [(name, NAMES.get(name, name), is_pretended(name)) for name in names if name != gateway]
    chosen = NAMES.get(gateway, gateway) if others else ""
    return {"chosen": chosen, "others": others, "is_pretended": is_pretended(gateway)}


def _way_to_pay(request: HttpRequest, view: Shown, names: list[str]) -> Created | None:
    """How to pay, if the buyer asked for it; a provider who says no may have the money, which "check" finds out."""
    if view.state != "open" or "pay" not in request.GET:
        return None
    try:
        if request.GET["pay"] in names:
            view.payment.gateway = choose_way(payment_id=view.payment.pk, gateway=request.GET["pay"]).gateway
        return payments.start_payment(payment_id=view.payment.pk)
    except (Unavailable, Refused, PaymentNotOpen) as refusal:
        messages.warning(request, refusal.message)
        return None


def _settle(request: HttpRequest, view: Shown) -> HttpResponse:
    """Ask the provider; go to the order if it is paid, else back to the payment page with a word about why."""
    page = redirect("shop:payment", view.payment.pk)
    paid = view.payment.status == PaymentStatus.PAID  # most notices are faster than the buyer's way back
    try:
        paid = paid or purchase.settle_payment(payment_id=view.payment.pk, now=clock.now()).status == PaymentStatus.PAID
    except Unavailable:
        messages.warning(request, _("The payment provider does not answer at the moment. We keep asking by ourselves."))
        return page
    if not paid:
        messages.info(request, _("The payment provider has not reported your payment yet."))
        return page
    messages.success(request, _("Paid. Your money is now held until you have what was promised."))
    return redirect(view.orders[0]) if len(view.orders) == 1 else redirect("shop:orders")


def _looks(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _as_json(view: Shown) -> dict[str, object]:
    return {
        "status": view.payment.status,
        "expired": view.state == "expired",
        "amount": view.payment.amount.as_json(),
        "expires_at": view.payment.expires_at.isoformat(),
        "declined_reason": view.payment.declined_reason,
        "orders": [{"number": order.number, "status": order.status} for order in view.orders],
        "url": reverse("shop:payment", args=[view.payment.pk]),
    }
