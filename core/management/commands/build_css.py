"""Write ``static/css/tashi.css`` from the folders beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from core.stylesheet import bundle


class Command(BaseCommand):
    help = "Concatenate static/css/<layer>/*.css into static/css/tashi.css."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing, fail if the file is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.BASE_DIR) / "static" / "css"
        target, wanted = folder / "tashi.css", bundle(folder)
        if options["check"]:
            if not target.exists() or target.read_text(encoding="utf-8") != wanted:
                raise SystemExit("static/css/tashi.css is stale: run manage.py build_css")
            return
        target.write_text(wanted, encoding="utf-8")
        self.stdout.write(f"{target.relative_to(settings.BASE_DIR)}: {len(wanted.encode())} bytes")
