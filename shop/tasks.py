"""The shop's ticks."""

from __future__ import annotations

from celery import shared_task

from core import clock
from flows import papers
from shop.services import sales


@shared_task(ignore_result=True)
def add_up_sales() -> None:
    while sales.add_up():
        pass


@shared_task(ignore_result=True)
def schedule_purges() -> None:
    """Nightly: stores that ended before their papers had a clock get one."""
    papers.schedule_missing(now=clock.now())
