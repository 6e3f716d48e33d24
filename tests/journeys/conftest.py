"""Journeys commit, as life does; the clock's offset is read anew each time instead of waited for."""

from __future__ import annotations

import pytest

from core import clock


@pytest.fixture(autouse=True)
def clock_read_anew(monkeypatch: pytest.MonkeyPatch, settings) -> None:
    monkeypatch.setattr(clock, "STALE_SECONDS", 0.0)
