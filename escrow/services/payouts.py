"""
Payouts: what of a merchant's balance may leave goes to his bank within a day of its release (E4).

This file decides what leaves; ``payout_sending`` asks the bank, ``payout_accounts`` says where it goes.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from core import deadlines, outbox
from core.actor import Actor
from core.errors import Forbidden, IllegalTransition, NotFound
from core.transitions import advance
from escrow.errors import FourEyes, NeedsReason
from escrow.models import Account, Payout, PayoutAccount
from escrow.queries.payouts import debt_minor, hold_on_store, payable_minor, usable_from
from escrow.queries.terms import reserve_of
from escrow.services import payout_rows
from escrow.services.debts import recover_debt
from escrow.services.payout_accounts import set_payout_account
from escrow.services.payout_rows import REMIND_EVERY
from escrow.services.payout_sending import send_payout, watch_payout
from escrow.states import PAYOUT, PayoutStatus

__all__ = [
    "approve_payout", "prepare_payout", "recover_debt", "refuse_payout", "remind_to_approve", "send_payout",
    "set_payout_account", "watch_payout",
]  # fmt: skip

MAX_REASON = 200


@transaction.atomic
def prepare_payout(*, store_id: UUID, actor: Actor, now: datetime) -> Payout | None:
    """
    Take what a store may be paid off its balance and write the intent to pay it out; None if that is nothing, or there
    is nowhere to pay it to or the store's payouts are held. ``queries.outlook`` says why.

    Debts are netted first, and the reserve stays. The balances' rows are locked before they are read: a second payout
    at the same moment finds nothing left, and the floor under the balance is the second lock. Call it again until it
    gives None: each call pays out one currency.
    """
    rows = Account.objects.select_for_update(no_key=True).filter(kind="merchant", owner_id=store_id, balance__gt=0)
    for merchant in list(rows.order_by("pk")) if hold_on_store(store_id) is None else []:
        debt = debt_minor(store_id, merchant.currency)
        reserve = reserve_of(store_id, merchant.currency, now).amount.minor
        amount = payable_minor(balance=merchant.balance, debt=debt, reserve=reserve)
        recover_debt(store_id=store_id, merchant=merchant, debt=debt, actor=actor, now=now)
        destination = _destination(store_id, now=now) if amount else None
        if destination is not None:
            return payout_rows.write(merchant=merchant, destination=destination, minor=amount, actor=actor, now=now)
    return None


def _destination(store_id: UUID, *, now: datetime) -> PayoutAccount | None:
    """Where a store's money may go now. One that may not be used yet plans the payout for when it may."""
    account = PayoutAccount.objects.filter(store_id=store_id, gateway="", is_active=True).first()
    if account is None:
        return None
    usable = usable_from(account)
    if now < usable:
        payout_rows.plan(store_id, due_at=usable)
        return None
    return account


@transaction.atomic
def approve_payout(*, payout_id: int, actor: Actor, now: datetime, not_by: Collection[UUID] = ()) -> Payout:
    """
    Be the second pair of eyes on a big payout: from now on it leaves.

    What the daily run prepared has no first pair, so one approval is enough there too. ``not_by``: who else may not
    approve it, such as the store's owner.

    :raises Forbidden: if it is not staff who approves
    :raises NotFound: if there is no such payout
    :raises FourEyes: if this person prepared it or is one of ``not_by``
    :raises IllegalTransition: if it does not wait for approval any more
    """
    payout = _waiting(payout_id, actor)
    if actor.user_id == payout.prepared_by or actor.user_id in not_by:
        raise FourEyes
    advance(
        payout, PayoutStatus.PREPARED, machine=PAYOUT, actor=actor, reason="approved by a second person",
        facts={"amount_minor": payout.amount_minor}, approved_by=actor.user_id,
    )  # fmt: skip
    deadlines.finish("payout.approve_by", subjects=[payout.pk])
    deadlines.schedule("payout.send", subject=payout.pk, due_at=now)
    outbox.publish("escrow.payout_sent", payout_id=payout.pk)
    return payout


@transaction.atomic
def refuse_payout(*, payout_id: int, reason: str, actor: Actor, now: datetime) -> Payout:
    """
    Do not let a big payout leave: its money is back on the balance, and the merchant is told why.

    :raises Forbidden: if it is not staff who refuses
    :raises NeedsReason: if no reason is given
    :raises NotFound: if there is no such payout
    :raises IllegalTransition: if it does not wait for approval any more
    """
    if not reason.strip():
        raise NeedsReason
    payout = _waiting(payout_id, actor)
    payout_rows.give_up(payout, actor=actor, why=reason.strip()[:MAX_REASON], now=now)
    outbox.publish("escrow.payout_refused", payout_id=payout.pk)
    return payout


def _waiting(payout_id: int, actor: Actor) -> Payout:
    if not actor.is_mediator:
        raise Forbidden
    rows = Payout.objects.select_related("destination", "merchant", "hold")
    payout = rows.select_for_update(of=("self",), no_key=True).filter(pk=payout_id).first()
    if payout is None:
        raise NotFound
    if payout.status != PayoutStatus.APPROVAL:
        raise IllegalTransition
    return payout


@transaction.atomic
def remind_to_approve(*, payout_id: int, now: datetime) -> None:
    """Tell staff again that a payout waits for them, and plan the next reminder."""
    payout = Payout.objects.get(pk=payout_id)
    if payout.status != PayoutStatus.APPROVAL:
        deadlines.finish("payout.approve_by", subjects=[payout_id])
        return
    time = (now - payout.created_at) // REMIND_EVERY
    outbox.publish("escrow.payout_waits", payout_id=payout_id, time=time)
    deadlines.schedule("payout.approve_by", subject=payout_id, due_at=now + REMIND_EVERY)
