"""
What happens by itself, and when.

Rows are written in the transaction of the state change they belong to. ``sweep()`` leases due rows kind by kind and
hands each kind's subjects to its handler, which may work set-wise. A handler that does its work must also call
``finish()`` for the row inside its own transaction, so that the act and the row agree after a crash.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Min, Q

from core import clock
from core.models import Deadline

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)
Subject = str | int | UUID
Handler = Callable[[Sequence[str], datetime], None]


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    handler: Handler
    batch: int


_kinds: dict[str, Kind] = {}


def install(kinds: Iterable[Kind]) -> None:
    """Set the one table of kind → handler; called once, by ``flows.deadlines``."""
    _kinds.clear()
    _kinds.update({kind.name: kind for kind in kinds})


def kinds() -> dict[str, Kind]:
    return dict(_kinds)


def schedule(kind: str, *, subject: Subject, due_at: datetime) -> None:
    """Write a deadline, or move the open one of the same kind and subject."""
    Deadline.objects.update_or_create(
        kind=kind,
        subject=str(subject),
        done_at=None,
        defaults={"due_at": due_at, "lease_until": None, "paused_at": None, "pause_reason": ""},
    )


def extend(kind: str, *, subject: Subject, by: timedelta) -> bool:
    """Give more time to an open deadline; False if there is none."""
    rows = Deadline.objects.filter(kind=kind, subject=str(subject), done_at__isnull=True)
    return bool(rows.update(due_at=F("due_at") + by))


def pause(kind: str, *, subject: Subject, reason: str) -> bool:
    """Stop the clock; what was left of it is kept. False if there is no running one."""
    rows = Deadline.objects.filter(kind=kind, subject=str(subject), done_at__isnull=True, paused_at__isnull=True)
    return bool(rows.update(paused_at=clock.now(), pause_reason=reason))


def resume(kind: str, *, subject: Subject, at_least: timedelta = timedelta()) -> datetime | None:
    """Let a paused clock run on with the time it had left, or ``at_least`` that much; give the new instant."""
    row = Deadline.objects.filter(
        kind=kind, subject=str(subject), done_at__isnull=True, paused_at__isnull=False
    ).first()
    if row is None or row.paused_at is None:
        return None
    now = clock.now()
    due_at = now + max(row.due_at - row.paused_at, at_least)
    Deadline.objects.filter(pk=row.pk).update(due_at=due_at, paused_at=None, pause_reason="", lease_until=None)
    return due_at


def cancel(kind: str, *, subject: Subject) -> bool:
    """Close an open deadline because what it waited for has happened."""
    return _close(kind, [str(subject)], outcome="cancelled")


def cancel_all(*, subject: Subject, kinds: Sequence[str]) -> None:
    rows = Deadline.objects.filter(kind__in=kinds, subject=str(subject), done_at__isnull=True)
    rows.update(done_at=clock.now(), outcome="cancelled", lease_until=None)


def finish(kind: str, *, subjects: Iterable[Subject]) -> None:
    """Close deadlines whose handler has done its work; call it in the handler's own transaction."""
    _close(kind, [str(subject) for subject in subjects], outcome="done")


def _close(kind: str, subjects: list[str], *, outcome: str) -> bool:
    rows = Deadline.objects.filter(kind=kind, subject__in=subjects, done_at__isnull=True)
    return bool(rows.update(done_at=clock.now(), outcome=outcome, lease_until=None))


def open_deadlines(*, subjects: Iterable[Subject]) -> list[Deadline]:
    """Open rows of any kind for these subjects, soonest first."""
    names = [str(subject) for subject in subjects]
    return list(Deadline.objects.filter(subject__in=names, done_at__isnull=True).order_by("due_at", "id"))


def next_due() -> datetime | None:
    """The soonest running deadline of all."""
    rows = Deadline.objects.filter(done_at__isnull=True, paused_at__isnull=True)
    soonest: datetime | None = rows.aggregate(soonest=Min("due_at"))["soonest"]
    return soonest


def overdue(*, now: datetime, by: timedelta = timedelta(minutes=5)) -> int:
    """How many running deadlines should have fired ``by`` ago and have not."""
    return Deadline.objects.filter(done_at__isnull=True, paused_at__isnull=True, due_at__lt=now - by).count()


def sweep(*, limit: int = 100_000) -> int:
    """Hand every due row to its handler, batch by batch, until none is due; give how many were handed over."""
    handed = 0
    for kind in _kinds.values():
        while handed < limit:
            subjects = _claim(kind, now=clock.now())
            if not subjects:
                break
            handed += len(subjects)
            _handle(kind, subjects)
    return handed


def _claim(kind: Kind, *, now: datetime) -> list[str]:
    """Lease due rows. A worker that dies lets its lease run out and another takes them."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    with transaction.atomic():
        due = Deadline.objects.filter(
            free, kind=kind.name, done_at__isnull=True, paused_at__isnull=True, due_at__lte=now
        )
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        rows = list(due.order_by("due_at", "id").values_list("pk", "subject")[: kind.batch])
        Deadline.objects.filter(pk__in=[pk for pk, _ in rows]).update(lease_until=now + LEASE, tries=F("tries") + 1)
    return [subject for _, subject in rows]


def _handle(kind: Kind, subjects: list[str]) -> None:
    """Run a batch; if it fails, run its rows one by one, so that one bad row cannot hold up the others."""
    try:
        kind.handler(subjects, clock.now())
    except Exception:
        log.exception("deadline %s failed for a batch of %d", kind.name, len(subjects))
        for subject in subjects if len(subjects) > 1 else []:
            try:
                kind.handler([subject], clock.now())
            except Exception as fault:
                _note_failure(kind, subject, fault)
        if len(subjects) == 1:
            _note_failure(kind, subjects[0], None)


def _note_failure(kind: Kind, subject: str, fault: Exception | None) -> None:
    """Leave the lease in place as the pause before the next try; staff see the row as overdue."""
    log.error("deadline %s of %s failed: %r", kind.name, subject, fault)
    rows = Deadline.objects.filter(kind=kind.name, subject=subject, done_at__isnull=True)
    rows.update(error=repr(fault)[:500] if fault else "failed; see the log")
