"""What happens to money by itself: the deadline handlers of this app, installed by ``flows.deadlines``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from core import deadlines
from core.actor import SYSTEM
from escrow.errors import NotParked
from escrow.services import passing_on, payments, payout_rows, payouts, refunds, store_holds, taking_back


def send_refunds(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        refunds.send_refund(refund_id=int(subject), now=now)


def send_payouts(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        payouts.send_payout(payout_id=int(subject), now=now)


def send_reversals(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        taking_back.send_reversal(reversal_id=int(subject), now=now)


def unfreeze_payments(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        passing_on.unfreeze(payment_id=UUID(subject), now=now)


def watch_payouts(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        payouts.watch_payout(payout_id=int(subject), now=now)


def remind_to_approve(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        payouts.remind_to_approve(payout_id=int(subject), now=now)


def pay_out_due(subjects: Sequence[str], now: datetime) -> None:
    """
    Prepare a payout of what each store may be paid, in every currency it has a balance in; what its payments' providers
    can pass on themselves goes before.

    The deadline is closed first: money released meanwhile waits for this transaction and then plans the next payout,
    and an account that may not be used yet plans its own.
    """
    for subject in subjects:
        later = passing_on.pass_on_all(store_id=UUID(subject), actor=SYSTEM, now=now)
        with transaction.atomic():
            deadlines.finish("payout.due", subjects=[subject])
            if later is not None:
                payout_rows.plan(UUID(subject), due_at=later)
            while payouts.prepare_payout(store_id=UUID(subject), actor=SYSTEM, now=now):
                pass


def end_payout_holds(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        store_holds.end_hold(hold_id=int(subject), now=now)


def return_receipts(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        with transaction.atomic():
            try:
                payments.return_receipt(receipt_id=int(subject), actor=SYSTEM, reason="", now=now)
            except NotParked:
                deadlines.finish("receipt.return", subjects=[subject])
