"""What was logged, as it would lie in the file: formatted, masked, a line each."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.logs import formatter


class Logbook(logging.Handler):
    """Keeps every line of every logger, made by the formatter of the house."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(formatter("json"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    def named(self, event: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries() if entry["event"] == event]


@contextmanager
def kept() -> Iterator[Logbook]:
    """All that is logged inside, from DEBUG on, except the SQL, which no setting of ours writes."""
    book, root = Logbook(), logging.getLogger()
    before = root.level
    root.addHandler(book)
    root.setLevel(logging.DEBUG)
    logging.getLogger("django.db").setLevel(logging.INFO)
    try:
        yield book
    finally:
        root.removeHandler(book)
        root.setLevel(before)
