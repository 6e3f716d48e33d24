"""
Asking the bank to pay a merchant, or a payment's provider to pass on its part, and writing down what came of it.

A payout is marked as sent before the first call: from then on an outcome that was not heard is queried, and only a
bank that has never heard of the key is asked again, under the same key. For some days after it has arrived the bank is
asked once a day whether it was sent back.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, cast

from django.db import transaction

from core import deadlines, outbox
from core.actor import SYSTEM
from core.errors import IllegalTransition
from core.sealed import Sealed
from core.transitions import advance
from escrow import ledger
from escrow.gateways import gateway
from escrow.gateways.base import PayoutState, Refused, Releases, Unavailable
from escrow.ledger import Entry
from escrow.models import Payout, TransferKind
from escrow.queries.payouts import hold_on_store, is_hopeless, stop_in_force
from escrow.services import payout_rows
from escrow.services.moves import is_disputed
from escrow.services.payout_accounts import set_aside
from escrow.services.payout_rows import flight_of, key_of, provider_of
from escrow.services.taking_back import CHARGED_BACK
from escrow.services.waiting import backoff
from escrow.states import PAYOUT, PayoutStatus

PUT_OFF = timedelta(minutes=15)  # how often a payout asks whether the stop has been lifted; lifting wakes it at once
LOOK_EVERY = timedelta(days=1)
LOOK_AGAIN = timedelta(hours=1)
WATCHED = timedelta(days=5)  # banks send back what they cannot book within some working days
HOPELESS_AFTER = 3
_ROWS = Payout.objects.select_related("destination", "merchant", "hold__payment")

Way = Literal["ask", "query", "wait", "over"]


def send_payout(*, payout_id: int, now: datetime) -> Payout:
    """Ask the bank to pay, and write down what came of it. Network; safe to repeat at any time."""
    payout, way = _take(payout_id, now=now)
    if way in ("wait", "over"):
        return payout
    try:
        state = _call(payout, has_been_asked=way == "query")
    except Unavailable:
        _again_later(payout, now=now)
        return payout
    except Refused as refusal:
        state = PayoutState(ref="", status="failed", reason=refusal.why or str(refusal.message))
    _apply(payout, state, now=now)
    return payout


@transaction.atomic
def _take(payout_id: int, *, now: datetime) -> tuple[Payout, Way]:
    """
    Lock the row, and say what is to be done; whoever asks first marks it as sent.

    The stop and the store's holds are looked for under the lock, which throwing one waits for: once one is thrown
    nothing more leaves.
    """
    payout = _ROWS.select_for_update(of=("self",), no_key=True).get(pk=payout_id)
    if payout.status == PayoutStatus.SENT:
        return payout, "query"
    if payout.status != PayoutStatus.PREPARED:
        _finish(payout)
        return payout, "over"
    if payout.hold is not None and is_disputed(payout.hold.payment_id):
        payout_rows.give_up(payout, actor=SYSTEM, why=CHARGED_BACK, now=now)
        return payout, "over"
    if stop_in_force() or hold_on_store(payout.store_id):
        deadlines.schedule("payout.send", subject=payout.pk, due_at=now + PUT_OFF)
        return payout, "wait"
    advance(payout, PayoutStatus.SENT, machine=PAYOUT, actor=SYSTEM, reason="asked the bank")
    return payout, "ask"


def _call(payout: Payout, *, has_been_asked: bool) -> PayoutState:
    if has_been_asked:
        try:
            state = _query(payout)
        except Refused as refusal:
            raise Unavailable from refusal  # a no to the question is no answer about the payout
        if state.status != "unknown" or _must_wait(payout):
            return state
    to, bank, key = payout.destination, gateway(payout.gateway), key_of(payout)
    number = cast(Sealed, to.number).open()
    if payout.hold is None:
        return bank.payout(key=key, amount=payout.amount, bank=to.bank, holder=to.holder, number=number)
    reference = payout.hold.payment.reference
    return cast(Releases, bank).release(key=key, reference=reference, amount=payout.amount, destination=number)


def _query(payout: Payout) -> PayoutState:
    bank, key = gateway(payout.gateway), key_of(payout)
    if payout.hold is None:
        return bank.query_payout(key=key)
    return cast(Releases, bank).query_release(key=key, reference=payout.hold.payment.reference)


def _must_wait(payout: Payout) -> bool:
    """Whether even what was asked for, and has not been heard of there, is not asked for again now."""
    if stop_in_force() or hold_on_store(payout.store_id):
        return True
    return bool(payout.hold is not None and is_disputed(payout.hold.payment_id))


def _apply(payout: Payout, state: PayoutState, *, now: datetime) -> None:
    if state.status in ("pending", "unknown"):
        _again_later(payout, now=now)
        return
    try:
        with transaction.atomic():
            _finish(payout)
            if state.status == "failed":
                _failed(payout, state, now=now)
                return
            _done(payout, state, now=now)
            if state.status == "returned":
                _returned(payout, state, now=now)
    except IllegalTransition:
        payout.refresh_from_db()  # the other caller has written the same answer down


def _done(payout: Payout, state: PayoutState, *, now: datetime) -> None:
    advance(
        payout, PayoutStatus.PAID, machine=PAYOUT, actor=SYSTEM, reason="confirmed by the bank",
        facts={"ref": state.ref}, gateway_ref=state.ref, paid_at=now,
    )  # fmt: skip
    entry = Entry(TransferKind.PAYOUT_DONE, payout.pk, flight_of(payout), provider_of(payout), payout.amount_minor)
    ledger.post([entry], now=now)
    if not payout.is_passed_on:  # what is taken back of that we have asked for ourselves
        deadlines.schedule("payout.watch", subject=payout.pk, due_at=now + LOOK_EVERY)
    if state.status == "done":
        outbox.publish("escrow.payout_done", payout_id=payout.pk)


def _failed(payout: Payout, state: PayoutState, *, now: datetime) -> None:
    payout_rows.give_up(payout, actor=SYSTEM, why=state.reason, ref=state.ref, now=now)
    if is_hopeless(payout.destination, after=HOPELESS_AFTER):
        set_aside(payout.destination_id)
    outbox.publish("escrow.payout_failed", payout_id=payout.pk)


def watch_payout(*, payout_id: int, now: datetime) -> Payout:
    """Ask the bank whether a payout that had arrived was sent back. Network; safe to repeat at any time."""
    payout = _ROWS.get(pk=payout_id)
    if payout.status != PayoutStatus.PAID or payout.is_passed_on:
        deadlines.finish("payout.watch", subjects=[payout.pk])
        return payout
    try:
        state = gateway(payout.gateway).query_payout(key=key_of(payout))
    except Unavailable:
        deadlines.schedule("payout.watch", subject=payout.pk, due_at=now + LOOK_AGAIN)
        return payout
    # Some providers say "failed" of what they had called done.
    if state.status not in ("returned", "failed"):
        _look_again(payout, now=now)
        return payout
    try:
        with transaction.atomic():
            _returned(payout, state, now=now)
    except IllegalTransition:
        payout.refresh_from_db()  # the other caller has written the same answer down
    return payout


def _look_again(payout: Payout, *, now: datetime) -> None:
    assert payout.paid_at is not None, "a paid payout has its time"
    if now >= payout.paid_at + WATCHED:
        deadlines.finish("payout.watch", subjects=[payout.pk])
    else:
        deadlines.schedule("payout.watch", subject=payout.pk, due_at=now + LOOK_EVERY)


def _returned(payout: Payout, state: PayoutState, *, now: datetime) -> None:
    """Put the money back on the balance, once. The account is used no more until its owner has confirmed it."""
    advance(
        payout, PayoutStatus.RETURNED, machine=PAYOUT, actor=SYSTEM, reason=state.reason, failure=state.reason[:200],
        returned_at=now,
    )  # fmt: skip
    back = Entry(
        TransferKind.PAYOUT_RETURNED, payout.pk, provider_of(payout), payout.merchant, payout.amount_minor
    )  # fmt: skip
    ledger.post([back], now=now)
    set_aside(payout.destination_id)
    deadlines.finish("payout.watch", subjects=[payout.pk])
    outbox.publish("escrow.payout_returned", payout_id=payout.pk)


def _finish(payout: Payout) -> None:
    deadlines.finish("payout.send", subjects=[payout.pk])


def _again_later(payout: Payout, *, now: datetime) -> None:
    deadlines.schedule("payout.send", subject=payout.pk, due_at=now + backoff("payout.send", payout.pk))
