"""``manage.py ledger_check``: count the books; exit 1 if anything does not agree."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from core.money import Money
from escrow.queries import count_books


class Command(BaseCommand):
    help = "Count the books: all accounts, the number of transfers, and whatever does not agree (exit 1)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="name every merchant account too")

    def handle(self, *args: object, **options: object) -> None:
        found = count_books()
        merchants = [line for line in found.accounts if line.key.startswith("merchant:")]
        shown = found.accounts if options["all"] else [line for line in found.accounts if line not in merchants]
        for line in shown:
            self.stdout.write(f"{line.key:<60} {Money(line.balance, line.currency)!s:>20}")
        if merchants and not options["all"]:
            total = sum(line.balance for line in merchants)
            self.stdout.write(f"{f'{len(merchants)} merchant accounts':<60} {total:>20} minor units")
        for currency, total in sorted(found.sums.items()):
            self.stdout.write(f"{f'sum of all {currency} accounts':<60} {Money(total, currency)!s:>20}")
        self.stdout.write(f"{len(found.accounts)} accounts, {found.transfers} transfers")
        for breach in found.discrepancies:
            self.stdout.write(self.style.ERROR(f"discrepancy: {breach}"))
        self.stdout.write(f"{len(found.discrepancies)} discrepancies")
        if not found.balanced:
            sys.exit(1)
