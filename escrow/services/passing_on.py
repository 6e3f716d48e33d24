"""
Passing on: what was released of a payment goes to its merchant by the provider that holds it, not by a payout of ours.

It is a payout in all that matters: it leaves the balance when it is written, after debts and above the reserve, waits
for a second pair of eyes where it is big, for the stop, the store's holds and an account's three days;
``payout_sending`` asks the provider. What cannot go this way stays on the balance and goes by payout.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core import deadlines
from core.actor import Actor
from escrow.gateways.base import Refused, Unavailable, Unfreezes
from escrow.models import Hold, Payment, Payout, PayoutAccount
from escrow.queries.passing_on import (
    has_failed,
    holds_with_something_left,
    left_to_pass_on,
    on_its_way,
    provider_account,
    provider_that_passes_on,
)
from escrow.queries.payouts import debt_minor, hold_on_store, payable_minor, usable_from
from escrow.queries.terms import reserve_of
from escrow.services import moves, payout_rows
from escrow.services.debts import recover_debt
from escrow.services.waiting import LONGEST_WAIT, backoff
from escrow.states import OPEN_HOLD

AT_ONCE = 100  # holds of a store that are looked at in one go


@transaction.atomic
def pass_on(*, hold_id: int, actor: Actor, now: datetime) -> Payout | None:
    """
    Take what was released of a hold off its merchant's balance, and write the intent to have it passed on; None if that
    is nothing, or cannot be.

    The hold is locked first: whoever releases, refunds or takes back waits, and finds this written.
    """
    rows = Hold.objects.select_for_update(of=("self",), no_key=True).select_related("payment")
    hold = rows.get(pk=hold_id)
    account = _account_for(hold, now=now)
    if account is None or moves.is_disputed(hold.payment_id) or hold_on_store(hold.store_id):
        return None
    merchant = moves.lock_merchants({hold.merchant_id})[hold.merchant_id]
    debt = debt_minor(hold.store_id, hold.currency)
    reserve = reserve_of(hold.store_id, hold.currency, now).amount.minor
    payable = payable_minor(balance=merchant.balance, debt=debt, reserve=reserve)
    minor = min(payable, left_to_pass_on(hold))
    recover_debt(store_id=hold.store_id, merchant=merchant, debt=debt, actor=actor, now=now)
    if minor <= 0:
        return None
    return payout_rows.write(
        merchant=merchant, destination=account, minor=minor, hold=hold, actor=actor, now=now
    )  # fmt: skip


def _account_for(hold: Hold, *, now: datetime) -> PayoutAccount | None:
    """Where a hold's provider may pass it on to at this moment."""
    payment = hold.payment
    if provider_that_passes_on(payment.gateway) is None or payment.unfrozen_at is not None:
        return None
    if hold.provider_deadline is not None and now >= hold.provider_deadline:
        return None
    account = provider_account(hold.store_id, payment.gateway)
    if account is None or now < usable_from(account):
        return None
    bank = PayoutAccount.objects.filter(store_id=hold.store_id, gateway="", is_active=True)
    return None if has_failed(hold) and bank.exists() else account


def pass_on_all(*, store_id: UUID, actor: Actor, now: datetime) -> datetime | None:
    """
    Pass on whatever of a store's holds is left and may leave: before a payout takes it. Each in a transaction of its
    own. Give when an account that may not be used yet may be.
    """
    later: list[datetime] = []
    for account in PayoutAccount.objects.filter(store_id=store_id, is_active=True).exclude(gateway=""):
        usable = usable_from(account)
        if now < usable:
            later.append(usable)
            continue
        for hold in list(holds_with_something_left(account, now)[:AT_ONCE]):
            pass_on(hold_id=hold.pk, actor=actor, now=now)
    return min(later, default=None)


def plan_unfreezing(*, payment: Payment, now: datetime) -> None:
    """Where the provider keeps the rest of a payment frozen, look soon whether it is over."""
    if payment.unfrozen_at is None and isinstance(provider_that_passes_on(payment.gateway), Unfreezes):
        deadlines.schedule("payment.unfreeze", subject=payment.pk, due_at=now)


def unfreeze(*, payment_id: UUID, now: datetime) -> Payment:
    """
    Let what is still frozen of a payment come free, once all its holds are closed and nothing is being passed on: our
    fee, and what goes by payout. Network; safe to repeat at any time.

    No money leaves our account there, so nothing is booked.
    """
    payment = Payment.objects.get(pk=payment_id)
    provider = provider_that_passes_on(payment.gateway)
    if payment.unfrozen_at is not None or not isinstance(provider, Unfreezes):
        deadlines.finish("payment.unfreeze", subjects=[payment.pk])
        return payment
    if Hold.objects.filter(payment=payment, status__in=OPEN_HOLD).exists():
        deadlines.finish("payment.unfreeze", subjects=[payment.pk])  # its end looks again
        return payment
    if on_its_way([payment.pk]):
        deadlines.schedule("payment.unfreeze", subject=payment.pk, due_at=now + LONGEST_WAIT)
        return payment
    try:
        is_done = provider.unfreeze(key=f"unfreeze:{payment.pk}", reference=payment.reference).status == "done"
    except Unavailable:
        is_done = False
    except Refused:
        is_done = True  # nothing of it is frozen any more
    if is_done:
        _unfrozen(payment, now=now)
    else:
        wait = backoff("payment.unfreeze", payment.pk)
        deadlines.schedule("payment.unfreeze", subject=payment.pk, due_at=now + wait)
    return payment


@transaction.atomic
def _unfrozen(payment: Payment, *, now: datetime) -> None:
    Payment.objects.filter(pk=payment.pk, unfrozen_at=None).update(unfrozen_at=now)
    deadlines.finish("payment.unfreeze", subjects=[payment.pk])
    payment.unfrozen_at = now
