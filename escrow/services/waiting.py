"""How long to wait before a provider is asked again."""

from __future__ import annotations

from datetime import timedelta

from core.models import Deadline

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)


def backoff(kind: str, subject: object) -> timedelta:
    """How long to wait before the next try: twice as long each time, up to an hour."""
    rows = Deadline.objects.filter(kind=kind, subject=str(subject), done_at__isnull=True)
    tries = rows.values_list("tries", flat=True).first()
    doubled: int = 2 ** min(tries or 0, 10)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)
