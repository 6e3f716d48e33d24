"""The sandbox bank's counter: its API for the shop, its page for the payer, its book for whoever is looking."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import DomainError, Invalid
from core.guards import sandbox, signed
from core.http import wants_json
from core.json_door import json_door, payload
from core.money import Money, parse
from escrow import sandbox_bank
from escrow import sandbox_disputes as disputes
from escrow.gateways.base import BadSignature
from escrow.gateways.signing import HEADER, verify
from escrow.models import Payment, SandboxCharge
from escrow.sandbox_bank import BankRefusal
from escrow.services import payments

STAY = ("late", "forged")  # acts after which the payer has no reason to go back to the shop


@signed
@require_POST
def bank_api(request: HttpRequest, act: str) -> HttpResponse:
    """The bank's API. Every question must be signed and name its own act: a signature is good for one act only."""
    if not settings.SANDBOX or act not in sandbox_bank.ACTS:
        raise Http404
    try:
        verify(request.body, header=request.headers.get(HEADER, ""), secret=settings.SANDBOX_BANK_SECRET)
        body = json.loads(request.body)
        if body["act"] != act:
            raise BankRefusal("signed for another act")
        return JsonResponse(sandbox_bank.ACTS[act](body))
    except BadSignature:
        return JsonResponse({"reason": "bad signature"}, status=401)
    except BankRefusal as refusal:
        return JsonResponse({"reason": str(refusal)}, status=409)
    except (ValueError, KeyError, TypeError, RecursionError):
        return JsonResponse({"reason": "malformed"}, status=400)


@sandbox
@json_door
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, payment: UUID) -> HttpResponse:
    """The hosted page: pay, or misbehave. JSON: ``{"outcome": "paid"}``"""
    charge = _charge_of(payment)
    if request.method == "POST":
        return _act(request, charge)
    if wants_json(request):
        return JsonResponse(_as_json(charge))
    context = {"charge": charge, "amount": Money(charge.amount_minor, charge.currency), "notices": _notices(charge)}
    context["disputes"] = [{**row, "amount": Money(row["minor"], row["currency"])} for row in disputes.rows_of(charge)]
    return render(request, "sandbox/pay.html", context)


def _charge_of(payment_id: UUID) -> SandboxCharge:
    """The bank's row of a payment. Whoever comes here before the payment page was ever seen has it opened now."""
    rows = SandboxCharge.objects.filter(kind="payment", key=f"payment:{payment_id}")
    charge = rows.first()
    if charge is None and Payment.objects.filter(pk=payment_id, gateway="sandbox").exists():
        payments.start_payment(payment_id=payment_id)
        charge = rows.first()
    if charge is None:
        raise Http404
    return charge


def _act(request: HttpRequest, charge: SandboxCharge) -> HttpResponse:
    fields = payload(request)
    outcome = str(fields.get("outcome", ""))
    try:
        charge = sandbox_bank.act(key=charge.key, outcome=outcome, minor=_minor(fields, charge.currency))
    except BankRefusal as refusal:
        raise Invalid(fields={"outcome": str(refusal)}) from refusal
    if wants_json(request):
        return JsonResponse(_as_json(charge))
    back = charge.data.get("return_url", "")
    if outcome in (*STAY, *disputes.OUTCOMES) or not back.startswith(settings.SITE_URL + "/"):
        messages.info(request, _("Noted by the bank."))
        return redirect(request.path)
    return redirect(back)


def _minor(fields: Mapping[str, Any], currency: str) -> int | None:
    """The amount for a wrong payment: ``amount_minor``, or ``amount`` as people write it."""
    minor = fields.get("amount_minor")
    if minor is not None:
        if not isinstance(minor, int) or isinstance(minor, bool) or not 0 < minor < 10**13:
            raise Invalid(fields={"amount_minor": ""})
        return minor
    text = str(fields.get("amount") or "")
    return parse(text, currency=currency).minor or None if text else None


def _notices(charge: SandboxCharge) -> list[dict[str, Any]]:
    rows = charge.notices.order_by("pk")
    return [
        {"id": row.event_id, "tries": row.tries, "answer": row.answer, "sent": row.sent_at is not None} for row in rows
    ]


def _as_json(charge: SandboxCharge) -> dict[str, Any]:
    return {
        "status": charge.state,
        "reference": charge.reference,
        "amount": {"minor": charge.amount_minor, "currency": charge.currency},
        "movements": charge.movements,
        "late": bool(charge.data.get("late")),
        "disputes": charge.data.get("disputes", []),
        "notices": _notices(charge),
    }


@sandbox
@require_safe
def bank(request: HttpRequest) -> HttpResponse:
    """The bank's book: what was paid in, sent back and paid out, with the notices owed for it."""
    rows = SandboxCharge.objects.prefetch_related("notices").order_by("-created_at", "pk")
    kind = request.GET.get("kind", "")
    if kind in ("payment", "refund", "payout"):
        rows = rows.filter(kind=kind)
    page = Paginator(rows, 30).get_page(request.GET.get("page"))
    if wants_json(request):
        return JsonResponse({"charges": [{"kind": row.kind, "key": row.key, **_as_json(row)} for row in page]})
    return render(request, "sandbox/bank.html", {"page": page, "kind": kind, "rows": [_row(row) for row in page]})


def _row(charge: SandboxCharge) -> dict[str, Any]:
    return {
        "charge": charge,
        "amount": Money(charge.amount_minor, charge.currency),
        "arrived": [Money(row["minor"], row["currency"]) for row in charge.movements],
        "notices": charge.notices.all(),
        "url": sandbox_bank.page_of(charge) if charge.kind == "payment" else "",
    }


@sandbox
@json_door
@require_POST
def decide(request: HttpRequest, reference: str) -> HttpResponse:
    """Let a pending transfer go through or fail, or send a payout back that went through."""
    if not sandbox_bank.decide(reference=reference, state=str(payload(request).get("state", ""))):
        raise DomainError
    return redirect("sandbox:bank")
