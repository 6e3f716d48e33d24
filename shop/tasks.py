"""The shop's ticks."""

from __future__ import annotations

from celery import shared_task

from core import clock
from shop.services import retention, sales


@shared_task(ignore_result=True)
def add_up_sales() -> None:
    while sales.add_up():
        pass


@shared_task(ignore_result=True)
def destroy_old_papers() -> None:
    retention.destroy_old_papers(now=clock.now())
