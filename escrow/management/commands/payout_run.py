"""``manage.py payout_run``: plan a payout for every store that has one coming and none planned."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from core import clock
from escrow.services.payout_run import plan_payouts


class Command(BaseCommand):
    help = "Plan a payout for every store with money to be paid out and none planned; the worker then sends them."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"{plan_payouts(now=clock.now())} payouts planned")
