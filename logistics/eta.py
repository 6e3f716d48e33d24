"""
When a parcel should arrive: the carrier's promise counted from its first scan, until it names a day itself.

Days are local dates in China, never instants in UTC.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from logistics.carriers.base import Snapshot
from logistics.history import CHINA

FARTHEST = timedelta(days=120)
Window = tuple[date, date]


def promised(*, start: datetime, promise_hours: int) -> Window:
    """The last third of the promised time, as days."""
    latest = start + timedelta(hours=promise_hours)
    earliest = start + timedelta(hours=promise_hours * 2 / 3)
    return earliest.astimezone(CHINA).date(), latest.astimezone(CHINA).date()


def end_of(day: date) -> datetime:
    """The instant at which a promised day is over."""
    return datetime.combine(day + timedelta(days=1), time.min, CHINA)


def from_carrier(snapshot: Snapshot, *, now: datetime) -> Window | None:
    """The carrier's own days, unless they are past or absurdly far."""
    latest = snapshot.eta_to or snapshot.eta_from
    if latest is None:
        return None
    today = now.astimezone(CHINA).date()
    if not today <= latest <= today + FARTHEST:
        return None
    earliest = max(snapshot.eta_from or latest, today)
    return min(earliest, latest), latest
