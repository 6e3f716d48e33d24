"""Ticks of the money core."""

from __future__ import annotations

from celery import shared_task

from core import clock
from escrow.records import sealer


@shared_task(ignore_result=True)
def seal_records() -> None:
    while sealer.seal(now=clock.now()) == sealer.BATCH:
        pass
