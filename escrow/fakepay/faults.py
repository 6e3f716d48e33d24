"""
How the pretended provider misbehaves: a script of faults, each for so many calls of one kind.

Moods of any call (its ``op`` is the dialect's word for it: create, query, close, refund, query_refund, release,
query_release, reverse_release, query_reversal, payout, query_payout, balance, statement, query_dispute; to
Stripe's a question about a release is a query_payout):
    fail_before  nothing is done, the answer is a server's error
    lose         it is done, but the line breaks before the answer
    duplicate    it reaches the provider twice, the second answer is given
    delay        it is done, the answer comes ``seconds`` later
Of the book: pay: wrong_amount (``minor``), twice; close: late (the money comes right after); refund: pending, failed,
pending_failed; payout and release: pending, failed, returned.
Of notices (op ``notice``): lose, duplicate, delay, reorder.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

ON_THE_WIRE = frozenset({"fail_before", "lose", "duplicate", "delay"})


@dataclass(slots=True)
class Fault:
    """One line of the script. ``op`` may be ``*``: any call."""

    op: str
    mood: str
    times: int = 1
    minor: int = 0
    seconds: float = 0.0


class Faults:
    """The script: what is taken from it is used up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script: list[Fault] = []

    def write(self, script: Iterable[Mapping[str, Any]]) -> None:
        """
        Replace the script.

        :raises TypeError: if a line is no fault
        """
        lines = [Fault(**line) for line in script]
        with self._lock:
            self._script = lines

    def take(self, op: str, *, moods: frozenset[str] | None = None, among: str = "") -> Fault | None:
        """The next fault for this kind of call, or None. ``moods`` (or the one in ``among``): only of these."""
        wanted = frozenset({among}) if among else moods
        with self._lock:
            for line in self._script:
                if line.times > 0 and line.op in (op, "*") and (wanted is None or line.mood in wanted):
                    line.times -= 1
                    return line
        return None

    def rest(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(line) for line in self._script if line.times > 0]
