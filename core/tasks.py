"""Celery's part: ticks and nudges. The database remembers; the broker only wakes."""

from __future__ import annotations

from celery import shared_task

from core import clock, deadlines, idempotency, outbox


@shared_task(ignore_result=True)
def drain_outbox() -> None:
    outbox.drain()


@shared_task(ignore_result=True)
def sweep_deadlines() -> None:
    deadlines.sweep()
    outbox.drain()


@shared_task(ignore_result=True)
def purge_idempotency_keys() -> None:
    idempotency.purge(now=clock.now())
