"""Keeping one store's payouts from leaving: its money goes on arriving on its balance and stays there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core import audit, deadlines
from core.actor import Actor
from escrow.models import Account, Payout, StorePayoutHold
from escrow.states import PayoutStatus


@transaction.atomic
def hold_payouts(*, store_id: UUID, cause: str, actor: Actor, now: datetime) -> None:
    """
    Let nothing more of a store's balance leave; a hold that is there already takes the new cause.

    Once this has returned, no payout leaves that the bank has not been asked for: whoever is marking one as sent holds
    its row and is waited for, whoever comes later sees the hold.
    """
    changed = StorePayoutHold.objects.filter(store_id=store_id, in_force=True).update(cause=cause)
    if not changed:
        StorePayoutHold.objects.create(store_id=store_id, cause=cause, by=actor.user_id, at=now)
    leaving = Payout.objects.select_for_update(no_key=True).filter(store_id=store_id, status=PayoutStatus.PREPARED)
    held = len(leaving.order_by("pk").values_list("pk", flat=True))
    _record(store_id, "payouts.held", actor, cause=cause, held=held)


@transaction.atomic
def lift_hold(*, store_id: UUID, actor: Actor, now: datetime) -> bool:
    """Let a store's payouts leave again, those that waited first; False if nothing kept them."""
    rows = StorePayoutHold.objects.filter(store_id=store_id, in_force=True)
    if not rows.update(in_force=False, lifted_by=actor.user_id, lifted_at=now):
        return False
    waiting = Payout.objects.filter(store_id=store_id, status=PayoutStatus.PREPARED).values_list("pk", flat=True)
    deadlines.schedule_all([("payout.send", pk, now) for pk in waiting])
    if Account.objects.filter(kind="merchant", owner_id=store_id, balance__gt=0).exists():
        deadlines.schedule("payout.due", subject=store_id, due_at=now)
    _record(store_id, "payouts.let_go", actor)
    return True


def _record(store_id: UUID, act: str, actor: Actor, **facts: object) -> None:
    audit.record(actor=actor, act=act, subject_type="store", subject=str(store_id), facts=facts)
