"""Celery's part: ticks and nudges. The database remembers; the broker only wakes."""

from __future__ import annotations

from celery import shared_task

from core import audit_seal, clock, deadlines, idempotency, outbox, retention, sealed_orphans
from core.security_log import event


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


@shared_task(ignore_result=True)
def purge() -> None:
    """Nightly: what was kept long enough goes (``flows/retention.py``); then a look at the sealed files."""
    retention.purge_all(now=clock.now())
    found = sealed_orphans.find()
    if found.are_any:
        event("files.orphaned", strays=len(found.strays), missing=len(found.missing), unread=len(found.unread))


@shared_task(ignore_result=True)
def seal_audit() -> None:
    while audit_seal.seal(now=clock.now()) == audit_seal.BATCH:
        pass


@shared_task(ignore_result=True)
def check_audit() -> None:
    """Nightly; ``manage.py audit_check`` says the same by hand."""
    for found in audit_seal.breaks():
        event("audit.broken", what=str(found))
        return
