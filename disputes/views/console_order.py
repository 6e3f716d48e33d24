"""One order from all sides: money, story, parcels, deadlines. Nothing can be edited here."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import MemberRequest
from core import clock
from core.guards import mediator
from core.models import Deadline
from core.money import Money
from core.views.clock import WORDS
from disputes.models import Case
from disputes.queries import clocks_of
from disputes.views.findings import findings_of
from escrow.models import Chargeback, Receipt, Refund, Transfer, TransferKind
from escrow.queries.journal import kind_word
from escrow.queries.touching import rows_of
from flows.deal import Deal, deal
from shop.errors import NotYourOrder
from shop.models import Order

OF_PARKED = (TransferKind.SUSPENSE_REFUND, TransferKind.REFUND_DONE)


@mediator
@require_safe
def order(request: MemberRequest, number: str) -> HttpResponse:
    """Everything on record about an order."""
    rows = Order.objects.select_related("store__owner", "buyer", "payment", "hold", "policy")
    row = rows.filter(number=number.replace("\x00", "")).first()
    if row is None:
        raise NotYourOrder
    view = deal(order_id=row.pk, viewer="staff", now=clock.now(), order=row)
    return render(request, "console/order.html", _context(row, view))


def _context(row: Order, view: Deal) -> dict[str, Any]:
    refunds = list(Refund.objects.filter(Q(hold__order_id=row.pk) | Q(payment_id=row.payment_id, hold=None)))
    subjects = [str(row.pk), str(row.payment_id), *(str(refund.pk) for refund in refunds)]
    cases = list(Case.objects.filter(order_id=row.pk).order_by("opened_at"))
    subjects += [str(case.pk) for case in cases] + [str(parcel.pk) for parcel in view.shipments]
    kinds = Q(kind__startswith="refund.") | ~Q(subject__in=[str(refund.pk) for refund in refunds])
    return {
        "order": row,
        "deal": view,
        "postings": _with_held(_postings(view, refunds), row.currency),
        "chargebacks": list(Chargeback.objects.filter(hold__order_id=row.pk).order_by("pk")),
        "receipts": list(Receipt.objects.filter(payment_id=row.payment_id).order_by("pk")) if row.payment_id else [],
        "refunds": refunds,
        "deadlines": [
            (row, WORDS.get(row.kind, row.kind))
            for row in Deadline.objects.filter(kinds, subject__in=subjects).order_by("-due_at", "-id")[:60]
        ],
        "cases": cases,
        "clocks": clocks_of([case.pk for case in cases if case.is_open]),
        "findings": findings_of(view),
        "siblings": list(Order.objects.filter(payment_id=row.payment_id).exclude(pk=row.pk)) if row.payment_id else [],
    }


def _postings(view: Deal, refunds: list[Refund]) -> list[dict[str, Any]]:
    """The ledger's lines of this order, account to account, as they were written."""
    if view.hold is None:
        return []
    parked = [refund.pk for refund in refunds if refund.hold_id is None]
    made_good = [refund.compensation_id for refund in refunds if refund.compensation_id]
    ours = Q(kind__in=OF_PARKED, ref__in=parked) | Q(kind=TransferKind.COMPENSATION, ref__in=made_good)
    sent_back = Transfer.objects.filter(ours).order_by("pk")
    return [
        {
            "at": move.at,
            "kind": kind_word(move),
            "from": move.debit.key,
            "to": move.credit.key,
            "amount": Money(move.amount, move.currency),
            "pk": move.pk,
        }
        for move in (rows_of([view.hold]).transfers() | sent_back).select_related("debit", "credit")
    ]


def _with_held(postings: list[dict[str, Any]], currency: str) -> list[dict[str, Any]]:
    """Beside each posting what it left in escrow for this order."""
    held = Money(0, currency)
    for move in postings:
        for side, sign in (("to", 1), ("from", -1)):
            if move[side].startswith("escrow:"):
                held += move["amount"] * sign
        move["held"] = held
    return postings
