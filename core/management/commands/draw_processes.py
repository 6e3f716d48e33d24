"""Draw docs/processes.md from the state tables."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from core.processes import page


class Command(BaseCommand):
    help = "Draw docs/processes.md from the state tables."

    def handle(self, *args: Any, **options: Any) -> None:
        (settings.BASE_DIR / "docs" / "processes.md").write_text(page(), encoding="utf-8")
        self.stdout.write("docs/processes.md is drawn")
