"""docs/processes.md says what the tables say."""

from __future__ import annotations

from django.conf import settings

from core.processes import page


def test_the_drawn_processes_are_fresh():
    drawn = (settings.BASE_DIR / "docs" / "processes.md").read_text(encoding="utf-8")
    assert drawn == page(), "run: manage.py draw_processes"
