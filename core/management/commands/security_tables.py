"""``manage.py security_tables``: write the tables of docs/security.md that the settings and the code decide."""

from __future__ import annotations

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand

from core.security_tables import filled


class Command(BaseCommand):
    help = "Fill the marked tables of docs/security.md from settings and code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing, fail if the page is stale")

    def handle(self, *args: object, **options: object) -> None:
        page = settings.BASE_DIR / "docs" / "security.md"
        before = page.read_text(encoding="utf-8")
        after = filled(before)
        if not options["check"]:
            page.write_text(after, encoding="utf-8")
        elif before != after:
            raise SystemExit("docs/security.md is stale: run manage.py security_tables")
