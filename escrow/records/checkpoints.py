"""The log as others see it: signed checkpoints, what each day added, and that the newer contains the older."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Max
from django.db.models.functions import TruncDate

from core.errors import NotFound
from escrow.models import Checkpoint
from escrow.records import notes
from escrow.records.tree import LogTree

DAY_FORMAT = "tashi-day-v1"


def latest() -> Checkpoint | None:
    return Checkpoint.objects.order_by("-size").first()


def checkpoint(size: int) -> Checkpoint:
    """:raises NotFound: if no checkpoint was signed at this size"""
    found = Checkpoint.objects.filter(size=size).first()
    if found is None:
        raise NotFound
    return found


def consistency(*, old: int, new: int) -> dict[str, Any]:
    """
    Both checkpoints and the hashes that show that the newer log begins with the older one.

    :raises NotFound: if one of them was never signed, or they stand the wrong way round
    """
    one, two = checkpoint(old), checkpoint(new)
    if old > new:
        raise NotFound
    proof = LogTree().consistency(old, new)
    return {"old": one.note, "new": two.note, "proof": [base64.b64encode(part).decode() for part in proof]}


def days(*, until: date, count: int) -> list[dict[str, Any]]:
    """
    What was sealed on each of the last days that are over, newest first: a day's number of transfers cannot be changed.

    The note says where the day began and ended in the log; both are sizes of signed checkpoints.
    """
    if not notes.is_set_up():
        return []
    first = datetime.combine(until - timedelta(days=count), datetime.min.time(), UTC)
    end = datetime.combine(until, datetime.min.time(), UTC)
    before = Checkpoint.objects.filter(at__lt=first).aggregate(size=Max("size"))["size"] or 0
    rows = Checkpoint.objects.filter(at__gte=first, at__lt=end).annotate(day=TruncDate("at", tzinfo=UTC))
    found = []
    for day, size in rows.values_list("day").annotate(last=Max("size")).order_by("day"):
        found.append(_day(day, before, size))
        before = size
    return found[::-1]


def day_of(seq: int, *, today: date) -> dict[str, Any] | None:
    """The day on which a place in the log was sealed, once it is over."""
    sealed = Checkpoint.objects.filter(size__gt=seq).order_by("size").values_list("at", flat=True).first()
    day = sealed.astimezone(UTC).date() if sealed else today
    return next(iter(days(until=day + timedelta(days=1), count=1)), None) if day < today else None


def _day(day: date, before: int, size: int) -> dict[str, Any]:
    note = notes.sign(f"{DAY_FORMAT}\n{notes.key_name()}\n{day.isoformat()}\n{before}\n{size}\n")
    return {"day": day.isoformat(), "from": before, "to": size, "count": size - before, "note": note}
