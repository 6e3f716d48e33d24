"""The table of demo people that ``./run demo`` prints."""

from __future__ import annotations

import unicodedata
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from accounts.queries.demo import demo_people


class Command(BaseCommand):
    help = "Print the demo people: how to sign in as each, and what each can try."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--language", default="en", choices=[code for code, _name in settings.LANGUAGES])
        parser.add_argument("--all", action="store_true", help="everybody, not only the ones to begin with")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("demo people exist in a sandbox only")
        with translation.override(options["language"]):
            people = [person for person in demo_people() if person.is_prominent or options["all"]]
        rows = [("", "sign in as", "what to try"), *((p.name, p.email, p.can_try) for p in people)]
        widths = [max(width(row[column]) for row in rows) for column in (0, 1)]
        for name, email, can_try in rows:
            self.stdout.write(f"  {pad(name, widths[0])}  {pad(email, widths[1])}  {can_try}")
        passwords = sorted({person.password for person in people if person.password})
        if passwords:
            self.stdout.write(f"\n  password for all: {', '.join(passwords)}")
        self.stdout.write(f"  or one click at {settings.SITE_URL}/sandbox/")


def width(text: str) -> int:
    """Columns in a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def pad(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))
