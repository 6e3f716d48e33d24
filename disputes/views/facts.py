"""One thing that the platform itself knows about a deal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact. ``tone``: safe speaks for receipt, danger against it, wait asks for a closer look."""

    text: str
    tone: str = "quiet"
