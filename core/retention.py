"""
How long each class of data is kept, and the nightly job that deletes what is older (ASVS 14.2.7).

The table itself stands in ``flows/retention.py`` and is printed into ``docs/security.md``. Each class is worked off in
small transactions, the oldest first, so that nobody waits for a purge; a class that fails keeps no other from its turn.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core.security_log import event

log = logging.getLogger(__name__)
BATCH = 500
MOST = 200_000  # of one class in one night; the rest tomorrow
Purge = Callable[[datetime, int], int]  # what is older than this moment, at most so many; gives how many went


@dataclass(frozen=True, slots=True)
class Kept:
    """
    One class of data. ``days``: its name in ``settings.KEEP_DAYS``; without one, ``told`` says how long.

    ``purge``: None where it is not the nightly job that deletes it; ``by`` says who does.
    """

    what: str
    days: str = ""
    purge: Purge | None = None
    told: str = ""
    by: str = "nightly `core.tasks.purge`"
    why: str = ""

    @property
    def how_long(self) -> str:
        if not self.days:
            return self.told
        days = settings.KEEP_DAYS[self.days]
        return f"{days} days{self.told}" if days else self.told


_table: list[Kept] = []


def install(rows: Iterable[Kept]) -> None:
    """Set the one table; called once, by ``flows.retention``."""
    _table[:] = rows


def table() -> list[Kept]:
    return list(_table)


def purge_all(*, now: datetime) -> Mapping[str, int]:
    """Delete what is older than it is to be kept; how many of each class. Safe to break off and repeat."""
    gone: dict[str, int] = {}
    for row in _table:
        if row.purge is None:
            continue
        try:
            gone[row.days] = _purge(row, now=now)
        except Exception:
            log.exception("purge of %s failed", row.days)
    event("data.purged", request=None, **{name: count for name, count in gone.items() if count})
    return gone


def _purge(row: Kept, *, now: datetime) -> int:
    """By real time where a sandbox's clock runs ahead: its triggers know no other, and nothing goes too early."""
    assert row.purge is not None
    before = min(now, timezone.now()) - timedelta(days=settings.KEEP_DAYS[row.days])
    count = 0
    while count < MOST:
        taken = row.purge(before, BATCH)
        count += taken
        if taken < BATCH:
            break
    return count


def delete_rows(rows: QuerySet, limit: int) -> int:  # type: ignore[type-arg]
    """
    Delete the first rows of an ordered query with what hangs on them; how many of them there were.

    They are locked first: what somebody is using at this moment is young again, and left for another night.
    """
    with transaction.atomic():
        keys = list(rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:limit])
        rows.model._base_manager.filter(pk__in=keys).delete()
    return len(keys)
