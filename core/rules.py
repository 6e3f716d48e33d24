"""Explainable rules: named pure functions over typed facts, each giving a finding with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says: its name, a weight (positive speaks for), the reason, and the facts it looked at."""

    rule: str
    weight: int
    reason: str
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"rule": self.rule, "weight": self.weight, "reason": self.reason, "facts": self.facts}


@dataclass(frozen=True, slots=True)
class Rule(Generic[Facts]):
    name: str
    judge: Callable[[Facts], Finding | None]


def judge(rules: Sequence[Rule[Facts]], facts: Facts) -> list[Finding]:
    """Ask every rule in order; rules with nothing to say are left out."""
    return [finding for rule in rules if (finding := rule.judge(facts)) is not None]
