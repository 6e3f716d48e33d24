"""The shop's ticks."""

from __future__ import annotations

from celery import shared_task

from shop.services import sales


@shared_task(ignore_result=True)
def add_up_sales() -> None:
    while sales.add_up():
        pass
