"""What a payout does to the books, whichever way it goes: to a bank, or passed on by its payment's provider."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from core import audit, deadlines, outbox
from core.actor import Actor
from core.models import Deadline
from core.transitions import advance
from escrow import ledger
from escrow.ledger import Entry
from escrow.models import Account, Hold, Payout, PayoutAccount, TransferKind
from escrow.states import PAYOUT, PayoutStatus

REMIND_EVERY = timedelta(hours=6)  # so that staff hear of it three times within the promised day

LOOK_AGAIN = timedelta(hours=1)


def key_of(payout: Payout) -> str:
    """What the provider knows it by."""
    return f"release:{payout.pk}" if payout.is_passed_on else f"payout:{payout.pk}"


def flight_of(payout: Payout) -> Account:
    """The account on which a payout's money lies while it is neither here nor there."""
    return ledger.account(f"payout_in_flight:{payout.gateway}:{payout.currency}")


def provider_of(payout: Payout) -> Account:
    return ledger.account(f"provider:{payout.gateway}:{payout.currency}")


def write(
    *, merchant: Account, destination: PayoutAccount, minor: int, actor: Actor, now: datetime, hold: Hold | None = None
) -> Payout:
    """
    Take an amount off a balance that the caller has locked, and write the intent to pay it out; what is big waits for a
    second pair of eyes. ``hold``: the provider of its payment passes it on.
    """
    is_big = minor >= settings.PAYOUT_APPROVAL_MINOR
    payout = Payout.objects.create(
        store_id=destination.store_id, merchant=merchant, destination=destination, hold=hold,
        gateway=hold.payment.gateway if hold else settings.PAYOUT_GATEWAY,
        status=PayoutStatus.APPROVAL if is_big else PayoutStatus.PREPARED, prepared_by=actor.user_id,
        amount_minor=minor, currency=merchant.currency, created_at=now,
    )  # fmt: skip
    ledger.post([Entry(TransferKind.PAYOUT_SENT, payout.pk, merchant, flight_of(payout), minor)], now=now)
    audit.record(
        actor=actor, act=f"payout.{payout.status}", subject_type="payout", subject=str(payout.pk),
        facts={"amount_minor": minor, "currency": payout.currency, "to": destination.last4},
        order_id=hold.order_id if hold else None,
    )  # fmt: skip
    if is_big:
        deadlines.schedule("payout.approve_by", subject=payout.pk, due_at=now + REMIND_EVERY)
        outbox.publish("escrow.payout_waits", payout_id=payout.pk, time=0)
    else:
        deadlines.schedule("payout.send", subject=payout.pk, due_at=now)
        outbox.publish("escrow.payout_sent", payout_id=payout.pk)
    return payout


def give_up(payout: Payout, *, actor: Actor, why: str, now: datetime, ref: str = "") -> None:
    """
    Put a payout that does not go out, or has not gone through, back on the balance.

    :raises IllegalTransition: if it is over already
    """
    advance(payout, PayoutStatus.FAILED, machine=PAYOUT, actor=actor, reason=why, failure=why[:200], gateway_ref=ref)
    back = Entry(TransferKind.PAYOUT_FAILED, payout.pk, flight_of(payout), payout.merchant, payout.amount_minor)
    ledger.post([back], now=now)
    for kind in ("payout.send", "payout.approve_by"):
        deadlines.finish(kind, subjects=[payout.pk])
    if payout.is_passed_on:
        plan(payout.store_id, due_at=now + LOOK_AGAIN)  # what is left of it goes another way, or the same


def plan(store_id: UUID, *, due_at: datetime) -> None:
    """Look at a store's balance at that time, or sooner where that is planned already."""
    rows = Deadline.objects.filter(kind="payout.due", subject=str(store_id), done_at__isnull=True, due_at__lte=due_at)
    if not rows.exists():
        deadlines.schedule("payout.due", subject=store_id, due_at=due_at)
