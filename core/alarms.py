"""What apps want to be noticed when it stops, shown on the console and, when the site is not ready, in ``/readyz``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.errors import Text


@dataclass(frozen=True, slots=True)
class Alarm:
    """``rings`` says whether something is wrong now; ``unready``: the site should not be sent visitors meanwhile."""

    name: str
    words: Text
    rings: Callable[[datetime], bool]
    unready: bool


_alarms: dict[str, Alarm] = {}


def register(name: str, words: Text, rings: Callable[[datetime], bool], *, unready: bool = False) -> None:
    _alarms[name] = Alarm(name, words, rings, unready)


def ringing(now: datetime, *, unready_only: bool = False) -> list[Alarm]:
    """Every alarm that rings now, or only those that make the site unready."""
    return [alarm for alarm in _alarms.values() if (alarm.unready or not unready_only) and alarm.rings(now)]
