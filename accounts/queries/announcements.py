"""
Announcements: those that stand over every page now, and all that were ever made.

Every page asks for the first, so each process keeps them. It looks at one key of the cache now and then: another
version means that somebody has published or withdrawn. A page pays nothing between two looks.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet

from accounts.models import Announcement
from core.errors import NotFound
from core.models import AuditEntry

log = logging.getLogger(__name__)
VERSION = "announcements:version"
STALE_SECONDS = 15.0  # another process shows a new one, or stops showing one, after at most this long
RELOAD_SECONDS = 600.0  # and so it does if its version was lost on the way
MOST_KEPT, MOST_SHOWN = 50, 2
Audience, State = Announcement.Audience, Announcement.State


@dataclass(frozen=True, slots=True)
class Kept:
    """What this process knows, by which version, and when it looked and read (by the monotonic clock)."""

    rows: tuple[Announcement, ...] = ()
    version: str | None = None
    looked_at: float = float("-inf")
    read_at: float = float("-inf")


_kept = Kept()


def over_pages(*, audiences: Collection[str], dismissed: Collection[int], now: datetime) -> list[Announcement]:
    """What a page shows to who belongs to these audiences: the important first, then the newest."""
    found = [
        row for row in _running(now)
        if row.audience in audiences and row.pk not in dismissed and row.state(now) == State.SHOWN
    ]  # fmt: skip
    return found[:MOST_SHOWN]


def _running(now: datetime) -> Sequence[Announcement]:
    global _kept
    known, moment = _kept, time.monotonic()
    if moment - known.looked_at <= STALE_SECONDS:
        return known.rows
    try:
        version = cache.get(VERSION)
        if version == known.version and moment - known.read_at <= RELOAD_SECONDS:
            _kept = Kept(known.rows, version, moment, known.read_at)
        else:
            _kept = Kept(tuple(_not_over(now)[:MOST_KEPT]), version, moment, moment)
    except Exception:  # no page falls for a strip above it: the old ones go on, and the next look is as far away
        log.warning("announcements could not be read", exc_info=True)
        _kept = Kept(known.rows, known.version, moment, known.read_at)
    return _kept.rows


def _not_over(now: datetime) -> QuerySet[Announcement]:
    rows = Announcement.objects.filter(published_at__isnull=False, withdrawn_at__isnull=True)
    return rows.filter(Q(until_at__isnull=True) | Q(until_at__gt=now)).order_by("-importance", "-from_at", "-pk")


def forget() -> None:
    """Look again at the next page."""
    global _kept
    _kept = Kept()


def published(*, is_staff: bool, kind: str, now: datetime) -> QuerySet[Announcement]:
    """For everybody to read up, the newest first: shown or over, not withdrawn. Staff's own are for staff."""
    rows = Announcement.objects.filter(published_at__isnull=False, from_at__lte=now, withdrawn_at__isnull=True)
    rows = rows if is_staff else rows.exclude(audience=Audience.STAFF)
    return (rows.filter(kind=kind) if kind else rows).order_by("-from_at", "-pk")


def readable(pk: int, *, is_staff: bool, now: datetime) -> Announcement:
    """
    One by its lasting address; a withdrawn one too, so that whoever follows it learns that it was.

    :raises NotFound: if it was never shown, or is for staff
    """
    row = Announcement.objects.filter(pk=pk, published_at__isnull=False, from_at__lte=now).first()
    was_shown = row is not None and (row.withdrawn_at is None or row.withdrawn_at >= (row.from_at or now))
    if row is None or not was_shown or (row.audience == Audience.STAFF and not is_staff):
        raise NotFound
    return row


def for_staff(view: str, *, now: datetime) -> QuerySet[Announcement]:
    """Those in one state, what was touched last first."""
    return Announcement.objects.filter(_in_state(now)[State(view)]).order_by("-from_at", "-written_at", "-pk")


def counts(*, now: datetime) -> dict[str, int]:
    numbers = {str(state): Count("pk", filter=which) for state, which in _in_state(now).items()}
    return dict(Announcement.objects.aggregate(**numbers))


def _in_state(now: datetime) -> dict[Announcement.State, Q]:
    stays = Q(withdrawn_at__isnull=True)
    out = stays & Q(published_at__isnull=False)
    lasts = Q(until_at__isnull=True) | Q(until_at__gt=now)
    return {
        State.DRAFT: stays & Q(published_at__isnull=True),
        State.WAITING: out & Q(from_at__gt=now),
        State.SHOWN: out & Q(from_at__lte=now) & lasts,
        State.OVER: out & Q(from_at__lte=now) & ~lasts,
        State.WITHDRAWN: Q(withdrawn_at__isnull=False),
    }


def one(pk: int) -> Announcement:
    """:raises NotFound: if there is none"""
    row = Announcement.objects.filter(pk=pk).first()
    if row is None:
        raise NotFound
    return row


def history_of(row: Announcement) -> list[AuditEntry]:
    """What was done with it, the newest first."""
    return list(AuditEntry.objects.filter(subject_type="announcement", subject=str(row.pk)).order_by("-pk"))
