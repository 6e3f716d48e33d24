"""Keeping one store's payouts from leaving: its money goes on arriving on its balance and stays there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from core import audit, deadlines
from core.actor import SYSTEM, Actor
from escrow.models import Account, Payout, StorePayoutHold
from escrow.services import payout_rows
from escrow.states import HoldCause, PayoutStatus

STORES_OWN = (HoldCause.VETTING, HoldCause.SUSPENDED, HoldCause.ENDING)  # how the store stands: one of them at a time


@transaction.atomic
def hold_payouts(
    *, store_id: UUID, cause: str, actor: Actor, now: datetime, until: datetime | None = None
) -> StorePayoutHold:
    """
    Let nothing more of a store's balance leave for this cause, until ``until`` or until it is lifted.

    A hold of the same cause stays, for the longer of both times; one of the store's own causes takes the place of
    another. Once this has returned, no payout leaves that the bank has not been asked for: whoever is marking one as
    sent holds its row and is waited for, whoever comes later sees the hold.
    """
    rows = StorePayoutHold.objects.filter(store_id=store_id, in_force=True)
    if cause in STORES_OWN:
        rows.filter(cause__in=STORES_OWN).update(cause=cause)
    hold, is_new = StorePayoutHold.objects.get_or_create(
        store_id=store_id, cause=cause, in_force=True, defaults={"by": actor.user_id, "at": now, "until": until}
    )
    if not is_new and hold.until is not None:
        hold.until = max(hold.until, until) if until else None
        StorePayoutHold.objects.filter(pk=hold.pk).update(until=hold.until)
    if hold.until is not None:
        deadlines.schedule("payouts.hold_over", subject=hold.pk, due_at=hold.until)
    leaving = Payout.objects.select_for_update(no_key=True).filter(store_id=store_id, status=PayoutStatus.PREPARED)
    held = len(leaving.order_by("pk").values_list("pk", flat=True))
    _record(store_id, "payouts.held", actor, cause=cause, held=held, until=hold.until and hold.until.isoformat())
    return hold


@transaction.atomic
def lift_hold(*, store_id: UUID, actor: Actor, now: datetime, causes: Collection[str] = STORES_OWN) -> bool:
    """
    Let a store's payouts leave again as far as these causes go, those that waited first; False if none was in force.

    Another cause goes on holding.
    """
    rows = StorePayoutHold.objects.filter(store_id=store_id, in_force=True, cause__in=causes)
    lifted = list(rows.select_for_update().values_list("pk", "cause"))
    if not rows.update(in_force=False, lifted_by=actor.user_id, lifted_at=now):
        return False
    deadlines.cancel_all(subjects=[pk for pk, _cause in lifted], kinds=["payouts.hold_over"])
    _record(store_id, "payouts.let_go", actor, causes=sorted(cause for _pk, cause in lifted))
    if not StorePayoutHold.objects.filter(store_id=store_id, in_force=True).exists():
        _wake(store_id, now=now)
    return True


@transaction.atomic
def end_hold(*, hold_id: int, now: datetime) -> None:
    """What the clock does: a hold whose time is over is lifted."""
    hold = StorePayoutHold.objects.select_for_update().get(pk=hold_id)
    deadlines.finish("payouts.hold_over", subjects=[hold_id])
    if not hold.in_force or hold.until is None:
        return
    if now < hold.until:
        deadlines.schedule("payouts.hold_over", subject=hold_id, due_at=hold.until)
        return
    lift_hold(store_id=hold.store_id, actor=SYSTEM, now=now, causes=[hold.cause])


def _wake(store_id: UUID, *, now: datetime) -> None:
    waiting = Payout.objects.filter(store_id=store_id, status=PayoutStatus.PREPARED).values_list("pk", flat=True)
    deadlines.schedule_all([("payout.send", pk, now) for pk in waiting])
    if Account.objects.filter(kind="merchant", owner_id=store_id, balance__gt=0).exists():
        payout_rows.plan(store_id, due_at=now)


def _record(store_id: UUID, act: str, actor: Actor, **facts: object) -> None:
    audit.record(actor=actor, act=act, subject_type="store", subject=str(store_id), facts=facts)
