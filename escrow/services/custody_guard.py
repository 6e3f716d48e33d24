"""
What is done when a proof of custody falls short: payouts stop by themselves, and people let them go on.

A shortage that lasts throws the switch. Covered again, staff are told; the switch stays until somebody lifts it. What
two people have let pass (``PayoutStop.tolerated``) throws it again only if more is missing, or after it was covered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from core import outbox
from core.actor import SYSTEM
from escrow.models import PayoutStop
from escrow.queries.custody import Shortage, shortages
from escrow.queries.payouts import stop_in_force
from escrow.records import custody
from escrow.services.payout_stop import stop_payouts
from escrow.states import StopCause


def prove(*, now: datetime) -> None:
    """Sign where we stand, and act upon the newest proof, also if none could be made. Network; safe to repeat."""
    try:
        custody.prove(now=now)
    finally:
        watch(now=now)


@transaction.atomic
def watch(*, now: datetime) -> PayoutStop | None:
    """
    Stop payouts if custody is short for too long, and tell staff when it is covered again; give the stop in force.

    One at a time, and with no proof in between: what is judged here is the newest there is.
    """
    custody.alone()
    found = shortages(now)
    let_pass = _let_pass(found)
    lasting = [one for one in found if one.lasts and one.missing.minor > let_pass.get(one.missing.currency, 0)]
    if lasting:
        return _stop(lasting, now=now)
    stop = stop_in_force()
    if stop is not None and stop.short and stop.covered_at is None and not found:
        PayoutStop.objects.filter(pk=stop.pk).update(covered_at=now)
        outbox.publish("escrow.custody_covered", stop_id=stop.pk, at=now.isoformat())
    return stop


def _stop(lasting: Sequence[Shortage], *, now: datetime) -> PayoutStop:
    """Throw the switch, and call staff: the first time, when more is missing, and when it was covered in between."""
    missing = {one.missing.currency: one.missing.minor for one in lasting}
    words = ", ".join(f"{one.missing.currency} {one.missing.digits}" for one in lasting)
    stop = stop_payouts(reason=f"Custody is short of {words}", actor=SYSTEM, now=now, cause=StopCause.CUSTODY)
    is_news = stop.covered_at is not None or any(minor > stop.short.get(cur, 0) for cur, minor in missing.items())
    if is_news:
        PayoutStop.objects.filter(pk=stop.pk).update(short=missing, covered_at=None)
        outbox.publish("escrow.custody_short", stop_id=stop.pk, missing=missing, at=now.isoformat())
    stop.refresh_from_db()
    return stop


def _let_pass(found: Sequence[Shortage]) -> dict[str, int]:
    """What two people have let pass, by currency. It is over for what is covered again."""
    last = (
        PayoutStop.objects.filter(lift_asked_by__isnull=False, lifted_by__isnull=False).order_by("-lifted_at").first()
    )
    if last is None:
        return {}
    short = {one.missing.currency for one in found}
    still: dict[str, int] = {cur: minor for cur, minor in last.tolerated.items() if cur in short}
    if still != last.tolerated:
        PayoutStop.objects.filter(pk=last.pk).update(tolerated=still)
    return still
