"""``manage.py sealed_orphans``: name sealed files without a row and rows without their file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from core import sealed_orphans


class Command(BaseCommand):
    help = "Compare the sealed files on the disk with the rows that name them; files younger than six hours are let be."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--delete", action="store_true", help="take away the files that no row names")

    def handle(self, *args: object, **options: bool) -> None:
        found = sealed_orphans.find()
        for path in found.strays:
            self.stdout.write(f"no row names the file {path}")
        for place, path in found.missing:
            self.stdout.write(self.style.ERROR(f"the file of {place} is missing: {path}"))
        for name in found.unread:
            self.stdout.write(
                self.style.ERROR(f"the note {name} of the quarantine cannot be read; nothing is taken away")
            )
        if options["delete"] and not found.unread:
            self.stdout.write(f"{sealed_orphans.drop(found.strays)} files taken away")
        if found.missing or found.unread or (found.strays and not options["delete"]):
            sys.exit(1)
        self.stdout.write("Every sealed file has its row, and every row its file.")
