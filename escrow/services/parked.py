"""Parked money that staff give to its orders: audited, and only where it is exactly what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from core import audit, deadlines
from core.actor import Actor
from core.transitions import advance
from escrow import ledger
from escrow.errors import NotApplicable, NotParked
from escrow.ledger import Entry
from escrow.models import Hold, Payment, Receipt, TransferKind
from escrow.states import PAYMENT, Parked, PaymentStatus, ReceiptOutcome


def parked_for(payment: Payment) -> list[Receipt]:
    """
    All that lies parked for a locked payment, if together it is what was asked for.

    :raises NotApplicable: with the reason, if it cannot be given to the payment's orders
    """
    receipts = list(Receipt.objects.filter(payment=payment, outcome=ReceiptOutcome.PARKED).order_by("pk"))
    if not receipts:
        raise NotParked
    if payment.status != PaymentStatus.OPEN:
        raise NotApplicable(_("Its order has been paid or cancelled and cannot be served any more. Send it back."))
    if any(receipt.reason == Parked.WRONG_PAYEE for receipt in receipts):
        raise NotApplicable(_("It was paid to somebody else's account, so we do not have it."))
    if any(receipt.currency != payment.currency for receipt in receipts):
        raise NotApplicable(_("It is in another currency than the order. Send it back."))
    got = sum(receipt.amount_minor for receipt in receipts)
    if got != payment.amount_minor:
        raise NotApplicable(_("All that lies parked for this payment together is not the amount that was asked for."))
    return receipts


def mark_given(*, payment: Payment, receipts: Sequence[Receipt], actor: Actor, reason: str, now: datetime) -> None:
    """
    Take parked receipts as this payment.

    :raises NotParked: if one of them was settled meanwhile
    """
    pks = [receipt.pk for receipt in receipts]
    rows = Receipt.objects.filter(pk__in=pks, outcome=ReceiptOutcome.PARKED)
    if rows.update(outcome=ReceiptOutcome.APPLIED, settled_at=now) != len(pks):
        raise NotParked
    deadlines.cancel_all(subjects=pks, kinds=("receipt.return",))
    refs = [receipt.gateway_ref for receipt in receipts]
    advance(
        payment, PaymentStatus.PAID, machine=PAYMENT, actor=actor, reason=reason, facts={"refs": refs}, paid_at=now,
        declined_reason="",
    )  # fmt: skip
    for receipt in receipts:
        audit.record(
            actor=actor, act="receipt.applied", subject_type="receipt", subject=str(receipt.pk), reason=reason,
            facts={"amount_minor": receipt.amount_minor, "currency": receipt.currency, "payment": str(payment.pk)},
        )  # fmt: skip


def post_given(*, payment: Payment, receipts: Sequence[Receipt], now: datetime) -> None:
    """
    Move what lay parked into escrow: the receipts fill the payment's holds one after the other, the leg of each
    transfer being the hold's place among them.
    """
    holds = list(Hold.objects.filter(payment=payment).order_by("pk"))
    suspense, pot = ledger.accounts(
        f"suspense:{payment.gateway}:{payment.currency}", f"escrow:{payment.currency}"
    )  # fmt: skip
    left = [hold.amount_minor for hold in holds]
    entries = []
    for receipt in receipts:
        rest = receipt.amount_minor
        for place in range(len(holds)):
            piece = min(rest, left[place])
            if piece:
                entries.append(Entry(TransferKind.SUSPENSE_APPLIED, receipt.pk, suspense, pot, piece, place))
                rest, left[place] = rest - piece, left[place] - piece
    ledger.post(entries, now=now)
