"""The ticks of accounts."""

from __future__ import annotations

from celery import shared_task

from accounts.services import retention
from core import clock


@shared_task(ignore_result=True)
def forget_old() -> None:
    retention.forget_old(now=clock.now())
