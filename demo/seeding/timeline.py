"""
Time in the demo's past: the steps of all deals in the order in which they happen, and between them what is due.

Played deal by deal, a ledger would not be in the order of time and a payout would wait for the deal after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core import clock, deadlines, outbox
from core.models import Deadline
from escrow.records import custody, sealer
from shop.services import sales

# Looking whether there is news changes nothing here: the carrier and the bank of the demo tell by themselves.
LOOKS = ("tracking.poll", "payment.poll")


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    act: Callable[[datetime], object]


def play(deals: Sequence[Sequence[Step]], *, until: datetime) -> None:
    """Let every step happen at its time, with its effects, and everything that falls due before the next."""
    steps = [(step.at, place, number, step) for place, deal in enumerate(deals) for number, step in enumerate(deal)]
    assert all(at <= until for at, *_ in steps), "the past ends now"
    day = None
    for at, _, _, step in sorted(steps, key=lambda one: one[:3]):
        pass_time(until=at)
        if at.date() != day:
            sealer.seal(now=at)
            day = at.date()
        with clock.at(at):
            step.act(at)
            outbox.drain()
    pass_time(until=until)
    sales.add_up()
    sealer.seal(now=until)
    custody.prove(now=until)


def pass_time(*, until: datetime) -> None:
    """What happens by itself happens at its own moment."""
    while (due := _next_due(before=until)) is not None:
        with clock.at(due):
            deadlines.sweep()
            outbox.drain()


def _next_due(*, before: datetime) -> datetime | None:
    """The next moment at which something happens by itself; what has failed waits for its lease and the worker."""
    rows = Deadline.objects.filter(
        done_at__isnull=True, paused_at__isnull=True, lease_until__isnull=True, due_at__lte=before
    )
    return rows.exclude(kind__in=LOOKS).order_by("due_at").values_list("due_at", flat=True).first()
