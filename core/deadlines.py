"""
What happens by itself, and when.

Rows are written in the transaction of the state change they belong to. ``sweep()`` leases due rows kind by kind and
hands each kind's subjects to its handler, which may work set-wise. A handler that does its work must also call
``finish()`` for the row inside its own transaction, so that the act and the row agree after a crash.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Min, Q, QuerySet

from core import clock
from core.bulk import one_of, texts
from core.models import Deadline
from core.prepared import Blank, Change, PreparedIn, blanks, named

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)  # before anything could be due
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


SCHEDULE = """
INSERT INTO core_deadline (kind, subject, due_at, pause_reason, tries, outcome, error)
VALUES {rows}
ON CONFLICT (kind, subject) WHERE done_at IS NULL
DO UPDATE SET due_at = excluded.due_at, lease_until = NULL, paused_at = NULL, pause_reason = ''
"""
ROW = "(%s, %s, %s, '', 0, '', '')"


def schedule(kind: str, *, subject: Subject, due_at: datetime) -> None:
    """Write a deadline, or move the open one of the same kind and subject."""
    schedule_all([(kind, subject, due_at)])


def schedule_all(rows: Sequence[tuple[str, Subject, datetime]]) -> None:
    """Write or move several deadlines (kind, subject, due) at once. One statement, no savepoint."""
    if not rows:
        return
    values = [
        value
        for kind, subject, due_at in rows
        for value in (kind, str(subject), connection.ops.adapt_datetimefield_value(due_at))
    ]
    with connection.cursor() as cursor:
        cursor.execute(SCHEDULE.format(rows=", ".join([ROW] * len(rows))), values)


def extend(kind: str, *, subject: Subject, by: timedelta) -> bool:
    """Give more time to an open deadline; False if there is none."""
    rows = Deadline.objects.filter(kind=kind, subject=str(subject), done_at__isnull=True)
    return bool(rows.update(due_at=F("due_at") + by))


def pause_all(*, subjects: Iterable[Subject], reason: str) -> int:
    """Stop every running clock of these subjects; what was left of each is kept."""
    rows = Deadline.objects.filter(subject__in=_names(subjects), done_at__isnull=True, paused_at__isnull=True)
    return rows.update(paused_at=clock.now(), pause_reason=reason, lease_until=None)


def resume_all(*, subjects: Iterable[Subject], at_least: timedelta = timedelta()) -> None:
    """Let paused clocks run on with the time each had left, but no less than ``at_least``."""
    now = clock.now()
    rows = Deadline.objects.filter(subject__in=_names(subjects), done_at__isnull=True, paused_at__isnull=False)
    for row in rows:
        left = row.due_at - row.paused_at if row.paused_at else timedelta()
        Deadline.objects.filter(pk=row.pk).update(
            due_at=now + max(left, at_least), paused_at=None, pause_reason="", lease_until=None
        )


def cancel(kind: str, *, subject: Subject) -> bool:
    """Close an open deadline because what it waited for has happened."""
    return _close(kind, [str(subject)], outcome="cancelled")


def cancel_all(*, subjects: Iterable[Subject], kinds: Sequence[str] = ()) -> None:
    """Close all open deadlines of these subjects, or only those of some kinds."""
    names = _names(subjects)
    if names:
        _cancelling(len(names), tuple(kinds)).apply(now=clock.now(), **named(names))


@lru_cache(maxsize=64)
def _cancelling(count: int, kinds: tuple[str, ...]) -> Change:
    rows = Deadline.objects.filter(subject__in=blanks(count), done_at__isnull=True)
    changes = {"done_at": Blank("now"), "outcome": "cancelled", "lease_until": None}
    return Change(lambda: (rows.filter(kind__in=kinds) if kinds else rows, changes))


def _names(subjects: Iterable[Subject]) -> list[str]:
    return [str(subject) for subject in subjects]


def finish(kind: str, *, subjects: Iterable[Subject]) -> None:
    """Close deadlines whose handler has done its work; call it in the handler's own transaction."""
    _close(kind, _names(subjects), outcome="done")


ENDING = """
UPDATE core_deadline
SET done_at = %s, outcome = CASE WHEN kind = %s THEN 'done' ELSE 'cancelled' END, lease_until = NULL
WHERE done_at IS NULL AND subject {among}
"""
# Put together by the server: the names of a thousand subjects are a quarter of a megabyte to be sent and read.
NAMES = """= ANY(ARRAY(
  SELECT name || suffix FROM unnest(%s::text[]) AS name CROSS JOIN unnest(%s::text[]) AS suffix)::varchar[])"""


def end(kind: str, *, subjects: Iterable[Subject], suffixes: Sequence[str] = ("",)) -> None:
    """
    Close deadlines of one kind as done and cancel whatever else is open of these subjects, under each of the suffixes:
    what they were about is over. One statement, however many.
    """
    now = connection.ops.adapt_datetimefield_value(clock.now())
    names = _names(subjects)
    if connection.vendor == "postgresql":
        sql, values = ENDING.format(among=NAMES), [now, kind, texts(names), list(suffixes)]
    else:
        among, several = one_of([name + suffix for name in names for suffix in suffixes], kind="varchar")
        sql, values = ENDING.format(among=among), [now, kind, several]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _close(kind: str, subjects: list[str], *, outcome: str) -> bool:
    rows = Deadline.objects.filter(kind=kind, subject__among=subjects, done_at__isnull=True)
    return bool(rows.update(done_at=clock.now(), outcome=outcome, lease_until=None))


def open_deadlines(*, subjects: Iterable[Subject]) -> list[Deadline]:
    """Open rows of any kind for these subjects, soonest first."""
    return _OPEN.all(_names(subjects))


_OPEN = PreparedIn(
    lambda subjects: Deadline.objects.filter(subject__in=subjects, done_at__isnull=True).order_by("due_at", "id")
)


def running() -> QuerySet[Deadline]:
    """Deadlines that will fire: neither done nor paused."""
    return Deadline.objects.filter(done_at__isnull=True, paused_at__isnull=True)


def next_due() -> datetime | None:
    """The soonest running deadline of all."""
    soonest: datetime | None = running().aggregate(soonest=Min("due_at"))["soonest"]
    return soonest


def overdue(*, now: datetime, by: timedelta = timedelta(minutes=5)) -> int:
    """How many running deadlines should have fired ``by`` ago and have not."""
    return running().filter(due_at__lt=now - by).count()


def late_by_kind(*, now: datetime) -> Sequence[Mapping[str, object]]:
    """How many running deadlines of each kind are late, and since when; the longest first."""
    late = running().filter(due_at__lt=now).values("kind")
    return list(late.annotate(n=Count("pk"), oldest=Min("due_at")).order_by("oldest", "kind"))


def failing(*, limit: int = 20) -> list[Deadline]:
    """Running deadlines whose handler has failed, soonest first."""
    return list(running().exclude(error="").order_by("due_at", "id")[:limit])


def sweep(*, limit: int = 100_000) -> int:
    """Hand every due row to its handler, batch by batch, until none is due; give how many were handed over."""
    handed = 0
    while handed < limit:
        due = _due_kinds(now=clock.now())
        before = handed
        for kind in _kinds.values():
            handed += _pass(kind, limit=limit - handed) if kind.name in due else 0
        if handed == before:
            break
    return handed


def _pass(kind: Kind, *, limit: int) -> int:
    """
    Once through the due rows of a kind. Each batch is looked for from where the last one ended: until the vacuum comes,
    the index keeps an entry for each row that is done, and the next batch would read past all of them.
    """
    handed, since = 0, ALWAYS
    while handed < limit:
        rows = _claim(kind, since=since, now=clock.now())
        if not rows:
            break
        handed += len(rows)
        since = rows[-1][0]
        _handle(kind, [subject for _due_at, subject in rows])
    return handed


DUE_KINDS = """
SELECT value FROM {kinds} WHERE (
  SELECT id FROM core_deadline WHERE kind = value AND done_at IS NULL AND paused_at IS NULL AND due_at <= %s
  AND (lease_until IS NULL OR lease_until < %s) ORDER BY due_at, id LIMIT 1) IS NOT NULL
"""


def _due_kinds(*, now: datetime) -> set[str]:
    """A look without a transaction: a tick that finds nothing takes no lock. One row a kind, however many are due."""
    moment = connection.ops.adapt_datetimefield_value(now)
    is_postgres = connection.vendor == "postgresql"
    kinds = "unnest(%s) AS kinds(value)" if is_postgres else "json_each(%s)"
    names = list(_kinds) if is_postgres else json.dumps(list(_kinds))
    with connection.cursor() as cursor:
        cursor.execute(DUE_KINDS.format(kinds=kinds), [names, moment, moment])
        return {name for (name,) in cursor.fetchall()}


def _is_free(now: datetime) -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lt=now)


LEASING = """
WITH due AS MATERIALIZED (
  SELECT id FROM core_deadline
  WHERE kind = %s AND done_at IS NULL AND paused_at IS NULL AND due_at BETWEEN %s AND %s
        AND (lease_until IS NULL OR lease_until < %s)
  ORDER BY due_at, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED),
leased AS (
  UPDATE core_deadline SET lease_until = %s, tries = tries + 1 WHERE id = ANY(ARRAY(SELECT id FROM due))
  RETURNING due_at, id, subject)
SELECT due_at, subject FROM leased ORDER BY due_at, id
"""


def _claim(kind: Kind, *, since: datetime, now: datetime) -> list[tuple[datetime, str]]:
    """Lease rows due from ``since`` on, soonest first. What a worker leased that then died, another takes later."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(LEASING, [kind.name, since, now, now, kind.batch, now + LEASE])
            return list(cursor.fetchall())
    with transaction.atomic():
        due = Deadline.objects.filter(
            _is_free(now), kind=kind.name, done_at__isnull=True, paused_at__isnull=True, due_at__range=(since, now)
        )
        rows = list(due.order_by("due_at", "id").values_list("pk", "due_at", "subject")[: kind.batch])
        taken = Deadline.objects.filter(pk__among=[pk for pk, *_ in rows])
        taken.update(lease_until=now + LEASE, tries=F("tries") + 1)
    return [(due_at, subject) for _pk, due_at, subject in rows]


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
