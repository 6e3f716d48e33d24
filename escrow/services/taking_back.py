"""
Taking back what a provider has passed on to a merchant: because its buyer gets it back, or his bank has taken it.

The intent is written with its cause, in one transaction; the provider is asked after. What cannot be had stays a debt
of the merchant's, which is what it is booked as from the start: nobody waits for him. Where a reversal refunds the
payer too (Alipay), both are one act, sent with the refund and never besides it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, cast

from django.db import transaction
from django.db.models import F

from core import audit, deadlines
from core.actor import SYSTEM, Actor
from core.errors import IllegalTransition
from core.money import Money
from core.transitions import advance
from escrow import ledger
from escrow.errors import HoldMoved
from escrow.gateways import gateway
from escrow.gateways.base import RefundState, Refused, Releases, Unavailable
from escrow.ledger import Entry
from escrow.models import Chargeback, Hold, Payout, Refund, Reversal, TransferKind
from escrow.queries.passing_on import provider_that_passes_on
from escrow.queries.payouts import debt_minor
from escrow.services import moves, payout_rows
from escrow.services.debts import recover_debt
from escrow.services.waiting import backoff
from escrow.states import REVERSAL, ChargebackStatus, PayoutStatus, ReversalStatus

CHARGED_BACK = "the payer's bank has taken the payment back"
NOT_SENT = (PayoutStatus.APPROVAL, PayoutStatus.PREPARED)
Way = Literal["ask", "query", "wait", "over"]


def stop_passing_on(hold: Hold, *, actor: Actor, why: str, now: datetime) -> list[Payout]:
    """
    Put what of a hold was to be passed on, and was not asked for yet, back on the balance; give what has been, locked.

    Before the merchant's account is locked: payouts come first in the order of locks.
    """
    if provider_that_passes_on(hold.payment.gateway) is None:
        return []
    rows = Payout.objects.select_related("merchant", "hold").filter(hold=hold).exclude(status=PayoutStatus.FAILED)
    gone = []
    for payout in rows.select_for_update(of=("self",), no_key=True).order_by("pk"):
        if payout.status in NOT_SENT:
            payout_rows.give_up(payout, actor=actor, why=why, now=now)
        else:
            gone.append(payout)
    return gone


def cover(
    gone: Sequence[Payout], *, minor: int, now: datetime, refund: Refund | None = None,
    chargeback: Chargeback | None = None,
) -> None:  # fmt: skip
    """Write the intent to take ``minor`` of these locked payouts back, as far as they have it; the newest first."""
    provider = provider_that_passes_on(gone[0].gateway) if gone else None
    if provider is None or minor <= 0:
        return
    is_one_act = provider.capabilities.reversal_refunds
    rows = sorted(gone, key=lambda row: -row.pk)
    if is_one_act:  # one refund names one merchant's part, of what has certainly been shared out
        rows = [row for row in rows if refund is not None and row.status == PayoutStatus.PAID]
        rows = sorted(rows, key=lambda row: row.reversed_minor - row.amount_minor)[:1]
    for payout in rows:
        part = min(minor, payout.amount_minor - payout.reversed_minor)
        if part > 0:
            _write(payout, part, refund, chargeback, is_one_act=is_one_act, now=now)
            minor -= part


def _write(
    payout: Payout, minor: int, refund: Refund | None, chargeback: Chargeback | None, *, is_one_act: bool, now: datetime
) -> None:
    won = Payout.objects.filter(pk=payout.pk, reversed_minor=payout.reversed_minor)
    if not won.update(reversed_minor=F("reversed_minor") + minor):
        raise HoldMoved
    row = Reversal.objects.create(
        payout=payout, refund=refund, chargeback=chargeback, refunds_payer=is_one_act, amount_minor=minor,
        currency=payout.currency, created_at=now,
    )  # fmt: skip
    audit.record(
        actor=SYSTEM, act="reversal.pending", subject_type="reversal", subject=str(row.pk),
        facts={"amount_minor": minor, "currency": row.currency, "payout": payout.pk},
        order_id=payout.hold.order_id if payout.hold else None,
    )  # fmt: skip
    if not is_one_act:
        deadlines.schedule("reversal.send", subject=row.pk, due_at=now)


@transaction.atomic
def after_chargeback(*, chargeback_id: int, now: datetime) -> None:
    """
    Take back what a chargeback has cost a merchant whose part had been passed on, as far as he lacks it.

    The payouts are locked first: who is just sending one has either marked it as sent, and it is found here, or will
    find the dispute open and let it be.
    """
    row = Chargeback.objects.select_related("hold__payment", "hold__merchant").get(pk=chargeback_id)
    hold = row.hold
    if hold is None or row.status != ChargebackStatus.OPEN or row.reversals.exists():
        return
    gone = stop_passing_on(hold, actor=SYSTEM, why=CHARGED_BACK, now=now)
    merchant = moves.lock_merchants({hold.merchant_id})[hold.merchant_id]
    debt = debt_minor(hold.store_id, hold.currency)
    recover_debt(store_id=hold.store_id, merchant=merchant, debt=debt, actor=SYSTEM, now=now)
    taken = row.taken_minor.get("merchant", 0) + row.taken_minor.get("receivable", 0) - row.fee_back_minor
    cover(gone, minor=min(taken, debt - merchant.balance), chargeback=row, now=now)


def one_act_with(refund: Refund) -> Reversal | None:
    """The reversal that a refund has to be sent as, if there is one that has not been answered yet."""
    if not refund.from_merchant:
        return None
    rows = refund.reversals.filter(refunds_payer=True, status__in=(ReversalStatus.PENDING, ReversalStatus.SENT))
    return rows.select_related("payout__hold", "payout__merchant").first()


def refund_out_of(part: Reversal, *, key: str, amount: Money, reference: str) -> RefundState:
    """
    Refund a payer, ``part`` of it out of the merchant's account there. Network.

    A no is believed only if the provider, asked for the very key, has not done it all the same.

    :raises Refused: if the merchant's part is not to be had
    """
    provider = cast(Releases, gateway(part.payout.gateway))
    release_key = payout_rows.key_of(part.payout)
    try:
        return provider.reverse_release(
            key=key, release_key=release_key, reference=reference, amount=part.amount, payer_gets=amount
        )
    except Refused:
        state = _query(provider, key=key, release_key=release_key, reference=reference)
        if state.status in ("done", "pending"):
            return state
        raise


def send_reversal(*, reversal_id: int, now: datetime) -> Reversal:
    """Ask the provider to take a part back and write down what came of it. Network; safe to repeat at any time."""
    row, way = _take(reversal_id, now=now)
    if way in ("wait", "over"):
        return row
    try:
        state = _call(row, has_been_asked=way == "query")
    except Unavailable:
        _again_later(row, now=now)
        return row
    except Refused as refusal:
        state = RefundState(ref="", status="failed", reason=refusal.why or str(refusal.message))
    if state.status in ("pending", "unknown"):
        _again_later(row, now=now)
        return row
    try:
        with transaction.atomic():
            if state.status == "done":
                done(row, ref=state.ref, now=now)
            else:
                failed(row, why=state.reason)
    except IllegalTransition:
        row.refresh_from_db()  # the other caller has written the same answer down
    return row


@transaction.atomic
def _take(reversal_id: int, *, now: datetime) -> tuple[Reversal, Way]:
    """Lock the row and say what is to be done: only what has certainly been passed on can be taken back."""
    rows = Reversal.objects.select_related("payout__hold__payment", "payout__merchant", "chargeback")
    row = rows.select_for_update(of=("self",), no_key=True).get(pk=reversal_id)
    if row.status in (ReversalStatus.DONE, ReversalStatus.FAILED):
        deadlines.finish("reversal.send", subjects=[row.pk])
        return row, "over"
    if row.status == ReversalStatus.SENT:
        return row, "query"
    if row.payout.status == PayoutStatus.FAILED:
        failed(row, why="nothing had been passed on")
        return row, "over"
    if row.chargeback is not None and row.chargeback.status == ChargebackStatus.WON:
        failed(row, why="the dispute is won")
        return row, "over"
    if row.payout.status != PayoutStatus.PAID:
        _again_later(row, now=now)
        return row, "wait"
    advance(row, ReversalStatus.SENT, machine=REVERSAL, actor=SYSTEM, reason="asked the provider")
    return row, "ask"


def _call(row: Reversal, *, has_been_asked: bool) -> RefundState:
    assert row.payout.hold is not None, "only what was passed on is taken back"
    provider = cast(Releases, gateway(row.payout.gateway))
    key, release_key = f"reversal:{row.pk}", payout_rows.key_of(row.payout)
    reference = row.payout.hold.payment.reference
    if has_been_asked:
        state = _query(provider, key=key, release_key=release_key, reference=reference)
        if state.status != "unknown":
            return state
    return provider.reverse_release(key=key, release_key=release_key, reference=reference, amount=row.amount)


def _query(provider: Releases, *, key: str, release_key: str, reference: str) -> RefundState:
    try:
        return provider.query_reversal(key=key, release_key=release_key, reference=reference)
    except Refused as refusal:
        raise Unavailable from refusal  # a no to the question is no answer about the act


def done(row: Reversal, *, ref: str, now: datetime) -> None:
    """
    Book what has come back, and net what the merchant owes with it. In the caller's transaction.

    :raises IllegalTransition: if that has been done
    """
    payout = row.payout
    advance(
        row, ReversalStatus.DONE, machine=REVERSAL, actor=SYSTEM, reason="confirmed by the provider",
        facts={"ref": ref}, gateway_ref=ref, done_at=now,
    )  # fmt: skip
    deadlines.finish("reversal.send", subjects=[row.pk])
    back = Entry(
        TransferKind.PASSED_BACK, row.pk, payout_rows.provider_of(payout), payout.merchant, row.amount_minor
    )  # fmt: skip
    ledger.post([back], now=now)
    merchant = moves.lock_merchants({payout.merchant_id})[payout.merchant_id]
    debt = debt_minor(payout.store_id, row.currency)
    recover_debt(store_id=payout.store_id, merchant=merchant, debt=debt, actor=SYSTEM, now=now)
    if merchant.balance > debt:
        payout_rows.plan(payout.store_id, due_at=now)


def failed(row: Reversal, *, why: str) -> None:
    """
    Leave it with the merchant, who owes it. In the caller's transaction.

    :raises IllegalTransition: if that has been done
    """
    advance(row, ReversalStatus.FAILED, machine=REVERSAL, actor=SYSTEM, reason=why, failure=why[:200])
    deadlines.finish("reversal.send", subjects=[row.pk])
    Payout.objects.filter(pk=row.payout_id).update(reversed_minor=F("reversed_minor") - row.amount_minor)


def _again_later(row: Reversal, *, now: datetime) -> None:
    deadlines.schedule("reversal.send", subject=row.pk, due_at=now + backoff("reversal.send", row.pk))
