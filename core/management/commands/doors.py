"""``manage.py doors``: every address, who may open it, and with which methods."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from core.doors import all_doors


class Command(BaseCommand):
    help = "List every address with its guard and its methods."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--guard", default="", help="only those of one guard")

    def handle(self, *args: object, **options: str) -> None:
        for door in all_doors():
            if options["guard"] in ("", door.guard):
                self.stdout.write(f"{door.guard or 'library':<9} {' '.join(door.methods) or 'any':<22} {door.path}")
