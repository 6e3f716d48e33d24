"""
Working days: what "within three working days" means as a moment.

Monday to Friday by the site's time zone. Public holidays and the weekends worked in exchange change every year by
decree; they are not known here, so a promise made before a holiday is kept earlier than it would have to be.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

SATURDAY = 5


def add_working_days(at: datetime, days: int) -> datetime:
    """The same time of day so many working days later; what begins on a weekend counts from Monday's first moment."""
    local = timezone.localtime(at)
    if local.weekday() >= SATURDAY:
        local = (local + timedelta(days=7 - local.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    while days:
        local += timedelta(days=1)
        days -= local.weekday() < SATURDAY
    return local
