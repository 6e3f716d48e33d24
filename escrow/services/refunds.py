"""Refunds: the intent is committed first, then the provider is asked, and an unknown outcome is queried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from core import audit, deadlines, outbox
from core.actor import SYSTEM, Actor
from core.errors import IllegalTransition, NotFound
from core.transitions import advance
from escrow import ledger
from escrow.errors import NotFailed
from escrow.gateways import gateway
from escrow.gateways.base import RefundState, Refused, Unavailable
from escrow.ledger import Entry
from escrow.models import Compensation, Hold, Receipt, Refund, TransferKind
from escrow.queries.ways import reference_at
from escrow.services import taking_back
from escrow.services.moves import is_disputed
from escrow.services.waiting import backoff
from escrow.states import REFUND, ReceiptOutcome, RefundStatus


@dataclass(frozen=True, slots=True)
class Late:
    """A refund after the release: the fee that goes back to the merchant, and what he does not have and owes."""

    fee_back_minor: int
    credit_minor: int


def open_refund(
    *,
    hold: Hold | None = None,
    receipt: Receipt | None = None,
    compensation: Compensation | None = None,
    amount_minor: int,
    actor: Actor,
    reason: str,
    now: datetime,
    late: Late | None = None,
) -> Refund:
    """
    Write the intent to send money back: from escrow, ``late`` from the merchant, from what lies parked, or out of the
    platform's own pocket.

    In the caller's transaction, who has already taken the amount off the hold or the receipt.
    """
    source = hold or receipt or compensation
    assert source is not None, "a refund has a source"
    payment = source.payment
    name = receipt.gateway if receipt else payment.gateway  # type: ignore[union-attr]
    currency = source.currency
    refund = Refund.objects.create(
        payment=payment, hold=hold, receipt=receipt, compensation=compensation, gateway=name,
        amount_minor=amount_minor, currency=currency, reason=reason[:60], created_at=now,
        from_merchant=late is not None, fee_back_minor=late.fee_back_minor if late else 0,
    )  # fmt: skip
    ledger.post(_entries(refund, hold, late), now=now)
    audit.record(
        actor=actor, act="refund.pending", subject_type="refund", subject=str(refund.pk), reason=reason,
        facts={"amount_minor": amount_minor, "currency": currency}, order_id=refund.order_id,
    )  # fmt: skip
    deadlines.schedule("refund.send", subject=refund.pk, due_at=now)
    outbox.publish("escrow.refunded", refund_id=refund.pk, order_id=str(refund.order_id or ""))
    return refund


def _entries(refund: Refund, hold: Hold | None, late: Late | None) -> list[Entry]:
    currency, made_good = refund.currency, refund.compensation
    if made_good is not None:
        pocket, flight = ledger.accounts(f"compensations:{currency}", f"refund_in_flight:{refund.gateway}:{currency}")
        return [Entry(TransferKind.COMPENSATION, made_good.pk, pocket, flight, refund.amount_minor)]
    pot = f"escrow:{currency}" if hold else f"suspense:{refund.gateway}:{currency}"
    kind = TransferKind.REFUND if hold else TransferKind.SUSPENSE_REFUND
    debit, flight = ledger.accounts(pot, f"refund_in_flight:{refund.gateway}:{currency}")
    if hold is None or late is None:
        return [Entry(kind, refund.pk, debit, flight, refund.amount_minor)]
    fees, owed = ledger.accounts(f"fees:{currency}", f"receivable:{hold.store_id}:{currency}")
    first = ((TransferKind.FEE_BACK, fees, late.fee_back_minor), (TransferKind.CREDIT_REFUND, owed, late.credit_minor))
    found = [Entry(what, refund.pk, side, hold.merchant, minor) for what, side, minor in first if minor]
    return [*found, Entry(TransferKind.LATE_REFUND, refund.pk, hold.merchant, flight, refund.amount_minor)]


def send_refund(*, refund_id: int, now: datetime) -> Refund:
    """
    Ask the provider to send a refund and write down what came of it. Network; safe to repeat at any time.

    The row is marked as sent before the first call: from then on an outcome that was not heard is queried, and only a
    provider who has never heard of the key is asked again.
    """
    refund = Refund.objects.select_related("hold", "payment", "receipt").get(pk=refund_id)
    if refund.status in (RefundStatus.DONE, RefundStatus.FAILED):
        _finish(refund)
        return refund
    asked_before = refund.status == RefundStatus.SENT
    if not asked_before and refund.payment_id is not None and is_disputed(refund.payment_id):
        _again_later(refund, now=now)  # the payer's bank has the money: sending it now would give it twice
        return refund
    if not asked_before:
        _mark_sent(refund)
    try:
        state = _call(refund, asked_before=asked_before)
    except Unavailable:
        _again_later(refund, now=now)
        return refund
    except Refused as refusal:
        state = RefundState(ref="", status="failed", reason=refusal.why or str(refusal.message))
    if state.status == "failed" and _go_on_alone(refund, why=state.reason, now=now):
        return refund
    _apply(refund, state, now=now)
    return refund


def retry_refund(*, refund_id: int, actor: Actor, now: datetime) -> Refund:
    """
    Put a refund that has definitely failed back in the queue, under a new key.

    :raises NotFound: if there is no such refund
    :raises NotFailed: if it has not failed
    """
    with transaction.atomic():
        rows = Refund.objects.select_related("hold").select_for_update(of=("self",), no_key=True)
        refund = rows.filter(pk=refund_id).first()
        if refund is None:
            raise NotFound
        if refund.status != RefundStatus.FAILED:
            raise NotFailed
        advance(
            refund, RefundStatus.PENDING, machine=REFUND, actor=actor, reason="retried by staff",
            attempt=refund.attempt + 1, failure="",
        )  # fmt: skip
        deadlines.schedule("refund.send", subject=refund.pk, due_at=now)
    return refund


def _key(refund: Refund) -> str:
    return f"refund:{refund.pk}" if refund.attempt == 1 else f"refund:{refund.pk}:{refund.attempt}"


def _call(refund: Refund, *, asked_before: bool) -> RefundState:
    provider = gateway(refund.gateway)
    key = _key(refund)
    reference = reference_at(payment=refund.payment, gateway=refund.gateway) if refund.payment else ""
    if asked_before:
        try:
            state = provider.query_refund(key=key, reference=reference)
        except Refused as refusal:
            raise Unavailable from refusal  # a no to the question is no answer about the refund
        if state.status != "unknown":
            return state
    part = taking_back.one_act_with(refund)
    if part is not None:
        return taking_back.refund_out_of(part, key=key, amount=refund.amount, reference=reference)
    receipt = refund.receipt
    if receipt is None and refund.payment is not None:
        receipt = refund.payment.receipts.filter(outcome=ReceiptOutcome.APPLIED).first()
    return provider.refund(
        key=key,
        reference=reference,
        movement_ref=receipt.gateway_ref if receipt else "",
        amount=refund.amount,
    )


def _go_on_alone(refund: Refund, *, why: str, now: datetime) -> bool:
    """
    Where the merchant's part is not to be had, refund all of it out of our own account, under a new key, and let him
    owe it; False if no part was asked of him.
    """
    part = taking_back.one_act_with(refund)
    if part is None:
        return False
    try:
        with transaction.atomic():
            taking_back.failed(part, why=why)
            Refund.objects.filter(pk=refund.pk, attempt=refund.attempt).update(attempt=refund.attempt + 1)
            deadlines.schedule("refund.send", subject=refund.pk, due_at=now)
    except IllegalTransition:
        pass  # the other caller has written the same answer down
    refund.refresh_from_db()
    return True


def _mark_sent(refund: Refund) -> None:
    try:
        with transaction.atomic():
            advance(refund, RefundStatus.SENT, machine=REFUND, actor=SYSTEM, reason="asked the provider")
    except IllegalTransition:
        refund.refresh_from_db()  # somebody else is sending it: the key makes both calls one


def _apply(refund: Refund, state: RefundState, *, now: datetime) -> None:
    if state.status in ("pending", "unknown"):
        _again_later(refund, now=now)
        return
    try:
        with transaction.atomic():
            if state.status == "done":
                _done(refund, state, now=now)
            else:
                advance(
                    refund, RefundStatus.FAILED, machine=REFUND, actor=SYSTEM, reason=state.reason,
                    failure=state.reason[:200], gateway_ref=state.ref,
                )  # fmt: skip
                outbox.publish("escrow.refund_failed", refund_id=refund.pk, order_id=str(refund.order_id or ""))
            _finish(refund)
    except IllegalTransition:
        refund.refresh_from_db()  # the other caller has written the same answer down


def _done(refund: Refund, state: RefundState, *, now: datetime) -> None:
    advance(
        refund, RefundStatus.DONE, machine=REFUND, actor=SYSTEM, reason="confirmed by the provider",
        facts={"ref": state.ref}, gateway_ref=state.ref, done_at=now,
    )  # fmt: skip
    flight, provider = ledger.accounts(
        f"refund_in_flight:{refund.gateway}:{refund.currency}", f"provider:{refund.gateway}:{refund.currency}"
    )
    ledger.post([Entry(TransferKind.REFUND_DONE, refund.pk, flight, provider, refund.amount_minor)], now=now)
    part = taking_back.one_act_with(refund)
    if part is not None:
        taking_back.done(part, ref=state.ref, now=now)
    outbox.publish("escrow.refund_done", refund_id=refund.pk, order_id=str(refund.order_id or ""))


def _finish(refund: Refund) -> None:
    deadlines.finish("refund.send", subjects=[refund.pk])


def _again_later(refund: Refund, *, now: datetime) -> None:
    deadlines.schedule("refund.send", subject=refund.pk, due_at=now + backoff("refund.send", refund.pk))
