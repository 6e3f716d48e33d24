"""Ticks of the money core."""

from __future__ import annotations

from celery import shared_task

from core import clock
from escrow.records import anchors, sealer
from escrow.services import custody_guard, payout_run, payout_stop, rollups
from flows import statements


@shared_task(ignore_result=True)
def seal_records() -> None:
    while sealer.seal(now=clock.now()) == sealer.BATCH:
        pass


@shared_task(ignore_result=True)
def prove_custody() -> None:
    custody_guard.prove(now=clock.now())


@shared_task(ignore_result=True)
def plan_payouts() -> None:
    payout_run.plan_payouts(now=clock.now())


@shared_task(ignore_result=True)
def audit_books() -> None:
    payout_stop.audit_books(now=clock.now())


@shared_task(ignore_result=True)
def roll_up_accounts() -> None:
    rollups.roll_up(now=clock.now())


@shared_task(ignore_result=True)
def fetch_statements() -> None:
    statements.fetch(now=clock.now())


@shared_task(ignore_result=True)
def mail_anchor() -> None:
    anchors.mail(now=clock.now())
