"""
One clock.

Real UTC time, plus an offset that only a sandbox may have: the time machine at ``/sandbox/clock/``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from django.conf import settings

# Another process sees a moved clock after at most this long; reading a row on each call would cost a query a page.
STALE_SECONDS = 0.25
_cached: tuple[float, timedelta] = (float("-inf"), timedelta())


_told: ContextVar[datetime | None] = ContextVar("told", default=None)


def now() -> datetime:
    """The present instant, aware, UTC."""
    return _told.get() or datetime.now(UTC) + offset()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let it be ``moment`` for this thread, in a sandbox: the demo's history is played, not written."""
    if not settings.SANDBOX:
        raise RuntimeError("the clock moves only in a sandbox")
    token = _told.set(moment)
    try:
        yield
    finally:
        _told.reset(token)


def offset() -> timedelta:
    """How far the sandbox clock runs ahead of real time; zero outside a sandbox."""
    global _cached
    if not settings.SANDBOX:
        return timedelta()
    read_at, value = _cached
    if time.monotonic() - read_at > STALE_SECONDS:
        from core.models import ClockOffset

        row = ClockOffset.objects.filter(pk=1).values_list("seconds", flat=True).first()
        value = timedelta(seconds=row or 0)
        _cached = (time.monotonic(), value)
    return value


def advance_sandbox(by: timedelta) -> timedelta:
    """
    Move the sandbox clock forward and give the new offset.

    :raises RuntimeError: outside a sandbox
    :raises ValueError: if asked to go back: deadlines that have fired cannot be unfired
    """
    from django.db.models import F

    from core.models import ClockOffset

    if not settings.SANDBOX:
        raise RuntimeError("the clock moves only in a sandbox")
    if by < timedelta():
        raise ValueError("the clock only moves forward")
    ClockOffset.objects.get_or_create(pk=1)
    ClockOffset.objects.filter(pk=1).update(seconds=F("seconds") + int(by.total_seconds()))
    forget()
    return offset()


def forget() -> None:
    """Drop the cached offset, so that the next ``now()`` reads it again."""
    global _cached
    _cached = (float("-inf"), timedelta())
