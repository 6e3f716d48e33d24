"""The switch that keeps every payout from leaving, and the count of the books that throws it: MONEY.md §2.7."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import CharField
from django.db.models.functions import Cast

from core import audit, outbox
from core.actor import SYSTEM, Actor
from core.errors import Forbidden
from core.models import Deadline
from escrow.errors import BooksDisagree, NeedsReason, PayoutsRun
from escrow.models import Payout, PayoutStop
from escrow.queries.audit import count_books
from escrow.queries.books import Books
from escrow.queries.payouts import stop_in_force
from escrow.states import PayoutStatus

MAX_REASON = 200
NAMED = 10  # how many breaches a message to staff names


@transaction.atomic
def stop_payouts(*, reason: str, actor: Actor, now: datetime) -> PayoutStop:
    """
    Throw the switch: once this has returned, no payout that the bank has not been asked for leaves.

    One that is thrown already stays, unless a person threw it and now the books do not agree: then the alarm's takes
    its place, which only clean books can lift.

    :raises Forbidden: if a person throws it who is not staff
    :raises NeedsReason: if no reason is given
    """
    if actor.user_id is not None and not actor.is_mediator:
        raise Forbidden
    if not reason.strip():
        raise NeedsReason
    before = PayoutStop.objects.select_for_update(no_key=True).filter(in_force=True).first()
    if before is not None and (actor.user_id is not None or before.by is None):
        return before
    if before is not None:
        PayoutStop.objects.filter(pk=before.pk).update(in_force=False, lifted_at=now)
    try:
        with transaction.atomic():
            stop = PayoutStop.objects.create(reason=reason.strip()[:MAX_REASON], by=actor.user_id, at=now)
    except IntegrityError:  # thrown by somebody else at this moment
        return PayoutStop.objects.get(in_force=True)
    # Whoever is just marking a payout as sent holds its row: wait for him. Whoever comes later sees the stop.
    leaving = Payout.objects.select_for_update(no_key=True).filter(status=PayoutStatus.PREPARED).order_by("pk")
    held = len(leaving.values_list("pk", flat=True))
    audit.record(
        actor=actor, act="payouts.stopped", subject_type="payout_stop", subject=str(stop.pk), reason=stop.reason,
        facts={"held": held},
    )  # fmt: skip
    return stop


def lift_stop(*, actor: Actor, now: datetime) -> PayoutStop:
    """
    Let payouts leave again, those that waited first.

    What the alarm threw is lifted only when the books, counted anew, agree.

    :raises Forbidden: if it is not staff who lifts it
    :raises PayoutsRun: if payouts are not stopped
    :raises BooksDisagree: if the alarm threw it and the books do not agree
    """
    if not actor.is_mediator:
        raise Forbidden
    thrown = stop_in_force()
    if thrown is None:
        raise PayoutsRun
    if thrown.by is None and not count_books().balanced:  # not in the transaction: the count wants its own snapshot
        raise BooksDisagree
    with transaction.atomic():
        rows = PayoutStop.objects.filter(pk=thrown.pk, in_force=True)
        if not rows.update(in_force=False, lifted_by=actor.user_id, lifted_at=now):
            raise PayoutsRun
        audit.record(actor=actor, act="payouts.lifted", subject_type="payout_stop", subject=str(thrown.pk))
        waiting = Payout.objects.filter(status=PayoutStatus.PREPARED).annotate(subject=Cast("pk", CharField()))
        sends = Deadline.objects.filter(kind="payout.send", done_at__isnull=True, due_at__gt=now)
        sends.filter(subject__in=waiting.values("subject")).update(due_at=now, lease_until=None, tries=0)
    thrown.refresh_from_db()
    return thrown


def audit_books(*, now: datetime) -> Books:
    """
    Count the books; if anything does not agree, stop all payouts and call staff. Better stopped than wrong.

    Each run that finds something calls again.
    """
    found = count_books()
    if not found.balanced:
        wrong = found.discrepancies
        with transaction.atomic():
            stop = stop_payouts(reason=f"The books do not agree: {wrong[0]}", actor=SYSTEM, now=now)
            outbox.publish(
                "escrow.books_broken", stop_id=stop.pk, count=len(wrong), lines=wrong[:NAMED], at=now.isoformat()
            )
    return found
