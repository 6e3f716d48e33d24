"""Write ``static/css/tashi.css`` and ``office.css`` from the folders beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from core.stylesheet import bundles


class Command(BaseCommand):
    help = "Concatenate static/css/<layer>/*.css into tashi.css, and static/css/office/<layer>/*.css into office.css."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing, fail if a file is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        for target, wanted in bundles(Path(settings.BASE_DIR) / "static" / "css"):
            if not options["check"]:
                target.write_text(wanted, encoding="utf-8")
                self.stdout.write(f"{target.relative_to(settings.BASE_DIR)}: {len(wanted.encode())} bytes")
            elif not target.exists() or target.read_text(encoding="utf-8") != wanted:
                raise SystemExit(f"static/css/{target.name} is stale: run manage.py build_css")
