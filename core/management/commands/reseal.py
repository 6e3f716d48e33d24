"""``manage.py reseal``: seal everything with the first of VAULT_KEYS, so that older ones can be dropped."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from core import resealing


class Command(BaseCommand):
    help = "Re-encrypt every sealed column and file key with the first of VAULT_KEYS, in batches, while the shop runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count what another key has sealed")
        parser.add_argument("--batch", type=int, default=resealing.BATCH, help="rows between two lines of progress")

    def handle(self, *args: object, **options: int) -> None:
        self.stdout.write(f"first key: {resealing.first_key()}")
        rest, broken = 0, 0
        for column in resealing.columns():
            if options["dry_run"]:
                self.stdout.write(f"{column}: {column.waiting().count()} to do")
                continue
            for tally in resealing.reseal(column, batch=max(1, options["batch"])):
                self.stdout.write(f"{column}: {tally.done} of {tally.waiting}")
            for place in tally.broken or []:
                self.stdout.write(self.style.ERROR(f"cannot be opened: {place}"))
            broken += len(tally.broken or [])
            rest += column.waiting().count()
        if options["dry_run"]:
            return
        if rest or broken:
            self.stdout.write(self.style.ERROR(f"{rest} left, {broken} cannot be opened: keep the old keys"))
            sys.exit(1)
        self.stdout.write("Nothing is sealed with another key. Restart all processes and run this once more; if it")
        self.stdout.write("then finds nothing to do, the older keys can be dropped from VAULT_KEYS.")
        if resealing.serves_indices():
            self.stdout.write("Blind indices are made with the oldest key: set INDEX_KEY to it before you drop it.")
