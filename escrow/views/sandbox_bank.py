"""The sandbox bank's counter: its page for payers of every provider it plays, and its book for whoever is looking."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import wire
from core.errors import DomainError, Invalid
from core.guards import sandbox
from core.http import wants_json
from core.json_door import json_door, payload
from core.money import Money, parse
from escrow import pretended
from escrow.gateways import NAMES, is_pretended
from escrow.models import Payment
from escrow.pretended import NotDone
from escrow.queries.ways import payment_at, reference_at
from escrow.services import payments

STAY = ("late", "forged", "chargeback", "chargeback_won", "chargeback_lost")  # the payer has no reason to go back
TITLES = {
    "sandbox": gettext_lazy("Sandbox bank"),
    "alipay": gettext_lazy("Alipay (sandbox)"),
    "wechatpay": gettext_lazy("WeChat Pay on the phone (sandbox)"),
    "stripe": gettext_lazy("Card payment by Stripe (sandbox)"),
}
TOLD = ("status", "reference", "amount", "movements", "late", "disputes", "notices")


@sandbox
@json_door
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, payment: UUID) -> HttpResponse:
    """The hosted page: pay, or misbehave. JSON: ``{"outcome": "paid"}``; ``?way=`` names a provider gone by."""
    gateway, charge = _charge_of(payment, request.GET.get("way", ""))
    if request.method == "POST":
        return _act(request, gateway, charge)
    if wants_json(request):
        return JsonResponse(_as_json(charge))
    context = {"charge": charge, "amount": _money(charge["amount"]), "notices": charge["notices"], "way": gateway}
    context["title"] = TITLES[gateway]
    context["disputes"] = [{**row, "amount": _money(row)} for row in charge["disputes"]]
    return render(request, "sandbox/pay.html", context)


@sandbox
@require_safe
def pay_at(request: HttpRequest, dialect: str, reference: str) -> HttpResponse:
    """Where the pretended provider sends its payers: to the page of the payment with this number there."""
    gateway = pretended.gateway_of(dialect)
    payment = payment_at(gateway=gateway, reference=reference)
    if payment is None:
        raise Http404
    page = reverse("sandbox:pay", args=[payment.pk])
    return redirect(page if payment.gateway == gateway else f"{page}?way={gateway}")


def _charge_of(payment_id: UUID, way: str) -> tuple[str, dict[str, Any]]:
    """The bank's row of a payment. Whoever comes here before the payment page was ever seen has it opened now."""
    payment = Payment.objects.filter(pk=payment_id).first()
    gateway = way if payment and way in NAMES else payment.gateway if payment else ""
    if payment is None or not is_pretended(gateway):
        raise Http404
    reference = reference_at(payment=payment, gateway=gateway)
    if not reference or not _known(gateway, reference):
        there = payments.start_payment(payment_id=payment_id)
        gateway, reference = payment.gateway, there.reference
        if there.url and not _known(gateway, reference):
            wire.client(base_url=settings.FAKEPAY_URL, tells_time=True).get(there.url)  # as the payer's browser does
    charge = _known(gateway, reference)
    if charge is None:
        raise Http404
    return gateway, charge


def _known(gateway: str, reference: str) -> dict[str, Any] | None:
    try:
        charge: dict[str, Any] = pretended.ask("show", gateway, ref=reference)
    except NotDone:
        return None
    return charge


def _act(request: HttpRequest, gateway: str, charge: Mapping[str, Any]) -> HttpResponse:
    fields = payload(request)
    outcome = str(fields.get("outcome", ""))
    minor = _minor(fields, charge["amount"]["currency"])
    try:
        charge = pretended.ask("play", gateway, ref=charge["reference"], outcome=outcome, minor=minor)
    except NotDone as refusal:
        raise Invalid(fields={"outcome": str(refusal)}) from refusal
    if wants_json(request):
        return JsonResponse(_as_json(charge))
    back = charge["return_url"] or settings.SITE_URL + reverse("shop:payment-return", args=[_of(request)])
    if outcome in STAY or not back.startswith(settings.SITE_URL + "/"):
        messages.info(request, _("Noted by the bank."))
        return redirect(request.get_full_path())
    return redirect(back)


def _of(request: HttpRequest) -> UUID:
    assert request.resolver_match is not None
    found: UUID = request.resolver_match.kwargs["payment"]
    return found


def _minor(fields: Mapping[str, Any], currency: str) -> int | None:
    """The amount for a wrong payment: ``amount_minor``, or ``amount`` as people write it."""
    minor = fields.get("amount_minor")
    if minor is not None:
        if not isinstance(minor, int) or isinstance(minor, bool) or not 0 < minor < 10**13:
            raise Invalid(fields={"amount_minor": ""})
        return minor
    text = str(fields.get("amount") or "")
    return parse(text, currency=currency).minor or None if text else None


def _money(pair: Mapping[str, Any]) -> Money:
    return Money(int(pair["minor"]), str(pair["currency"]))


def _as_json(charge: Mapping[str, Any]) -> dict[str, Any]:
    return {name: charge[name] for name in TOLD}


@sandbox
@require_safe
def bank(request: HttpRequest) -> HttpResponse:
    """The bank's book: what was paid in, sent back and paid out at each provider, with the notices owed for it."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in ("payment", "refund", "payout") else ""
    page = Paginator(pretended.Rows(kind), 30).get_page(request.GET.get("page"))
    if wants_json(request):
        rows = [{"kind": row["kind"], "key": row["key"], "way": _way(row), **_as_json(row)} for row in page]
        return JsonResponse({"charges": rows})
    return render(request, "sandbox/bank.html", {"page": page, "kind": kind, "rows": [_row(row) for row in page]})


def _way(row: Mapping[str, Any]) -> str:
    return pretended.gateway_of(row["dialect"])


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    is_payment = row["kind"] == "payment"
    return {
        "charge": row,
        "amount": _money(row["amount"]),
        "at": datetime.fromisoformat(row["at"]),
        "arrived": [_money(one) for one in row["movements"]],
        "notices": row["notices"],
        "way": _way(row),
        "url": reverse("sandbox:pay-at", args=[row["dialect"], row["reference"]]) if is_payment else "",
    }


@sandbox
@json_door
@require_POST
def decide(request: HttpRequest, reference: str) -> HttpResponse:
    """Let a pending transfer go through or fail, or send a payout back that went through."""
    fields = payload(request)
    way = str(fields.get("way") or "sandbox")
    state = str(fields.get("state", ""))
    if way not in pretended.DIALECTS or state not in ("done", "failed", "returned"):
        raise DomainError
    act = "decide-refund" if fields.get("kind") == "refund" else "decide-transfer"
    try:
        pretended.ask(act, way, ref=reference, state=state)
    except NotDone as refusal:
        raise DomainError from refusal
    return redirect("sandbox:bank")
