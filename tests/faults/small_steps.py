"""
Settings for a shop that works in small steps: ``DJANGO_SETTINGS_MODULE=tests.faults.small_steps``.

Batches of nine, taken slowly; leases and waits of seconds: an outage finds it at its work, and what it has cut short
comes back while the test is looking.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.apps import AppConfig

from tests.settings import *  # noqa: F403
from tests.settings import CELERY_BEAT_SCHEDULE, INSTALLED_APPS

if TYPE_CHECKING:  # no models before the apps are loaded
    from core.deadlines import Handler


def slowly(handler: Handler) -> Handler:
    def handle(subjects: Sequence[str], now: datetime) -> None:
        time.sleep(0.8)
        handler(subjects, now)

    return handle


class SmallSteps(AppConfig):
    """Loaded last, once the kinds of deadlines are known."""

    name = "tests.faults"
    label = "small_steps"

    def ready(self) -> None:
        from core import deadlines, outbox
        from escrow.services import refunds

        deadlines.LEASE = outbox.LEASE = timedelta(seconds=3)
        refunds.FIRST_WAIT = refunds.LONGEST_WAIT = timedelta(seconds=1)
        deadlines.install([replace(kind, batch=9, handler=slowly(kind.handler)) for kind in deadlines.kinds().values()])
        outbox.BATCH = 20


INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.small_steps.SmallSteps"]
CELERY_BEAT_SCHEDULE = {
    name: {**row, "schedule": 0.5} for name, row in CELERY_BEAT_SCHEDULE.items() if name in ("sweep", "seal")
}
