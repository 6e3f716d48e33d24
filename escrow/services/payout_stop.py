"""The switch that keeps every payout from leaving, who lifts it, and the count of the books that throws it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import CharField
from django.db.models.functions import Cast

from core import audit, outbox
from core.actor import SYSTEM, Actor
from core.errors import Forbidden
from core.models import Deadline
from escrow.errors import (
    BooksDisagree,
    CustodyCovered,
    CustodyShort,
    LiftAsked,
    LiftNeedsAnother,
    LiftNotAsked,
    NeedsReason,
    PayoutsRun,
    ShortageGrew,
)
from escrow.models import Payout, PayoutStop
from escrow.queries.audit import count_books
from escrow.queries.books import Books
from escrow.queries.custody import shortages
from escrow.queries.payouts import stop_in_force
from escrow.records import custody
from escrow.states import PayoutStatus, StopCause

MAX_REASON = 200
WEIGHT = tuple(StopCause.values)
NAMED = 10  # how many breaches a message to staff names


@transaction.atomic
def stop_payouts(*, reason: str, actor: Actor, now: datetime, cause: StopCause | None = None) -> PayoutStop:
    """
    Throw the switch: once this has returned, no payout that the bank has not been asked for leaves.

    One that is thrown already stays, unless its cause weighs less: a person's gives way to that of a shortage of
    custody, and both to that of books that do not agree, which only clean books lift.

    :raises Forbidden: if a person throws it who is not staff
    :raises NeedsReason: if no reason is given
    """
    if actor.user_id is not None and not actor.is_mediator:
        raise Forbidden
    if not reason.strip():
        raise NeedsReason
    cause = StopCause.PERSON if actor.user_id is not None else (cause or StopCause.BOOKS)
    before = PayoutStop.objects.select_for_update(no_key=True).filter(in_force=True).first()
    if before is not None and WEIGHT.index(cause) <= WEIGHT.index(before.cause):
        return before
    if before is not None:
        PayoutStop.objects.filter(pk=before.pk).update(in_force=False, lifted_at=now)
    try:
        with transaction.atomic():
            stop = PayoutStop.objects.create(
                reason=reason.strip()[:MAX_REASON], by=actor.user_id, at=now, cause=cause
            )  # fmt: skip
    except IntegrityError:  # thrown by somebody else at this moment
        return PayoutStop.objects.get(in_force=True)
    # Whoever is just marking a payout as sent holds its row: wait for him. Whoever comes later sees the stop.
    leaving = Payout.objects.select_for_update(no_key=True).filter(status=PayoutStatus.PREPARED).order_by("pk")
    held = len(leaving.values_list("pk", flat=True))
    _record("payouts.stopped", stop, actor=actor, reason=stop.reason, held=held, cause=stop.cause)
    return stop


def lift_stop(*, actor: Actor, now: datetime) -> PayoutStop:
    """
    Let payouts leave again, those that waited first.

    What the books threw is lifted only when they, counted anew, agree; and none by one person while custody is short.

    :raises Forbidden: if it is not staff who lifts it
    :raises PayoutsRun: if payouts are not stopped
    :raises BooksDisagree: if the books threw it and do not agree
    :raises CustodyShort: if what lies at the providers does not cover what is owed
    """
    thrown = _thrown(actor)
    with transaction.atomic():
        custody.alone()
        if shortages(now):
            raise CustodyShort
        return _lift(thrown, actor=actor, now=now, lift_asked_by=None, lift_asked_at=None, lift_reason="", tolerated={})


@transaction.atomic
def ask_to_lift(*, reason: str, actor: Actor, now: datetime) -> PayoutStop:
    """
    Ask another of the staff to agree that payouts leave although custody is short.

    :raises Forbidden: if it is not staff who asks
    :raises NeedsReason: if no reason is given
    :raises PayoutsRun: if payouts are not stopped
    :raises CustodyCovered: if nothing is missing
    :raises LiftAsked: if somebody else has asked, and no more is missing since
    """
    custody.alone()
    stop = _locked(actor)
    if not reason.strip():
        raise NeedsReason
    short = {one.missing.currency: one.missing.minor for one in shortages(now)}
    if not short:
        raise CustodyCovered
    if stop.lift_asked_by not in (None, actor.user_id) and not _grew(short, stop.tolerated):
        raise LiftAsked
    stop.lift_asked_by, stop.lift_asked_at, stop.lift_reason = actor.user_id, now, reason.strip()[:MAX_REASON]
    stop.tolerated = short
    stop.save()
    _record("payouts.lift_asked", stop, actor=actor, reason=stop.lift_reason, missing=short)
    outbox.publish("escrow.lift_asked", stop_id=stop.pk, at=now.isoformat())
    return stop


def agree_to_lift(*, actor: Actor, now: datetime) -> PayoutStop:
    """
    Be the second who lets payouts leave although custody is short.

    :raises Forbidden: if it is not staff who agrees
    :raises PayoutsRun: if payouts are not stopped
    :raises BooksDisagree: if the books threw it and do not agree
    :raises LiftNotAsked: if nobody asks for it
    :raises LiftNeedsAnother: if it is the one who asks
    :raises ShortageGrew: if more is missing than when it was asked for
    """
    _thrown(actor)
    with transaction.atomic():
        custody.alone()
        stop = _locked(actor)
        if stop.lift_asked_by is None:
            raise LiftNotAsked
        if stop.lift_asked_by == actor.user_id:
            raise LiftNeedsAnother
        short = {one.missing.currency: one.missing.minor for one in shortages(now)}
        if _grew(short, stop.tolerated):
            raise ShortageGrew
        return _lift(stop, actor=actor, now=now, tolerated=short)


@transaction.atomic
def refuse_to_lift(*, actor: Actor, now: datetime) -> PayoutStop:
    """
    Let the switch stay as it is: whoever wants it lifted has to ask anew.

    :raises Forbidden: if it is not staff who refuses
    :raises PayoutsRun: if payouts are not stopped
    :raises LiftNotAsked: if nobody asks for it
    """
    stop = _locked(actor)
    if stop.lift_asked_by is None:
        raise LiftNotAsked
    _record("payouts.lift_refused", stop, actor=actor, reason=stop.lift_reason, asked_by=str(stop.lift_asked_by))
    stop.lift_asked_by, stop.lift_asked_at, stop.lift_reason, stop.tolerated = None, None, "", {}
    stop.save()
    return stop


def _thrown(actor: Actor) -> PayoutStop:
    """The stop in force, if the books allow to lift it. Not in a transaction: the count wants its own snapshot."""
    if not actor.is_mediator:
        raise Forbidden
    thrown = stop_in_force()
    if thrown is None:
        raise PayoutsRun
    if thrown.cause == StopCause.BOOKS and not count_books().balanced:
        raise BooksDisagree
    return thrown


def _locked(actor: Actor) -> PayoutStop:
    if not actor.is_mediator:
        raise Forbidden
    stop = PayoutStop.objects.select_for_update(no_key=True).filter(in_force=True).first()
    if stop is None:
        raise PayoutsRun
    return stop


def _lift(stop: PayoutStop, *, actor: Actor, now: datetime, **more: Any) -> PayoutStop:
    rows = PayoutStop.objects.filter(pk=stop.pk, in_force=True)
    if not rows.update(in_force=False, lifted_by=actor.user_id, lifted_at=now, **more):
        raise PayoutsRun
    stop.refresh_from_db()
    facts = {"asked_by": str(stop.lift_asked_by), "missing": stop.tolerated} if stop.lift_asked_by else {}
    _record("payouts.lifted", stop, actor=actor, reason=stop.lift_reason, **facts)
    waiting = Payout.objects.filter(status=PayoutStatus.PREPARED).annotate(subject=Cast("pk", CharField()))
    sends = Deadline.objects.filter(kind="payout.send", done_at__isnull=True, due_at__gt=now)
    sends.filter(subject__in=waiting.values("subject")).update(due_at=now, lease_until=None, tries=0)
    return stop


def _grew(short: Mapping[str, int], before: Mapping[str, int]) -> bool:
    return any(minor > before.get(currency, 0) for currency, minor in short.items())


def _record(act: str, stop: PayoutStop, *, actor: Actor, reason: str = "", **facts: object) -> None:
    audit.record(
        actor=actor, act=act, subject_type="payout_stop", subject=str(stop.pk), reason=reason, facts=facts
    )  # fmt: skip


def audit_books(*, now: datetime) -> Books:
    """
    Count the books; if anything does not agree, stop all payouts and call staff. Better stopped than wrong.

    Each run that finds something calls again.
    """
    found = count_books()
    if not found.balanced:
        wrong = found.discrepancies
        with transaction.atomic():
            reason = f"The books do not agree: {wrong[0]}"
            stop = stop_payouts(reason=reason, actor=SYSTEM, now=now, cause=StopCause.BOOKS)
            outbox.publish(
                "escrow.books_broken", stop_id=stop.pk, count=len(wrong), lines=wrong[:NAMED], at=now.isoformat()
            )
    return found
