"""What the measurements count with: medians, ratios, and lines that say whether a target was met."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


def median(values: Sequence[float]) -> float:
    """
    The middle of some rounds.

    :raises ValueError: if there was no round
    """
    if not values:
        raise ValueError("nothing was measured")
    return statistics.median(values)


def spread(values: Sequence[float]) -> float:
    """How far the rounds lie apart, as a share of their median: 0.1 means that the extremes are 10 % apart."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def of_rounds(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """
    The median of the quotients round by round: what slowed one round down slowed both of its sides.

    :raises ValueError: if the two were not measured in the same rounds
    """
    if len(ours) != len(theirs):
        raise ValueError("both sides need the same rounds")
    return median([a / b for a, b in zip(ours, theirs, strict=True) if b])


def interval(values: Sequence[float], *, share: float = 0.95, times: int = 10_000) -> tuple[float, float]:
    """
    Between what the median of such values lies, by the bootstrap: drawn again from what was measured, many times.

    The draw begins alike each time, so that the same measurement gives the same interval.

    :raises ValueError: if there was no round
    """
    median(values)
    draw = random.Random(1)
    found = sorted(median(draw.choices(values, k=len(values))) for _ in range(times))
    outside = int(times * (1 - share) / 2)
    return found[outside], found[-outside - 1]


@dataclass(slots=True)
class Series:
    """One thing, measured round by round."""

    name: str
    cpu_ms: list[float] = field(default_factory=list)  # server CPU per request
    rate: list[float] = field(default_factory=list)  # requests per second, as the clients saw it

    def add(self, *, requests: int, cpu_seconds: float, seconds: float) -> None:
        self.cpu_ms.append(cpu_seconds * 1000 / requests)
        self.rate.append(requests / seconds)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure beside its target. ``at_most``: the target is a ceiling, not a floor."""

    name: str
    value: float
    target: float
    at_most: bool = False

    @property
    def is_met(self) -> bool:
        return self.value <= self.target if self.at_most else self.value >= self.target

    def __str__(self) -> str:
        sign, word = ("<=" if self.at_most else ">="), ("met" if self.is_met else "MISSED")
        return f"  {self.name:<44} {self.value:8.2f}   target {sign} {self.target:<6g} {word}"
