"""``manage.py ledger_audit``: the nightly count by hand. Stops payouts and calls staff if anything does not agree."""

from __future__ import annotations

import sys

from django.core.management.base import BaseCommand

from core import clock
from escrow.services.payout_stop import audit_books


class Command(BaseCommand):
    help = "Count the books; if anything does not agree, stop all payouts, tell staff, and exit 1."

    def handle(self, *args: object, **options: object) -> None:
        found = audit_books(now=clock.now())
        for breach in found.discrepancies:
            self.stdout.write(self.style.ERROR(f"discrepancy: {breach}"))
        self.stdout.write(f"{found.transfers} transfers, {len(found.discrepancies)} discrepancies")
        if not found.balanced:
            self.stdout.write("payouts are stopped; `manage.py ledger_check` shows all accounts")
            sys.exit(1)
