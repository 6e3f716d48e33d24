"""The fee schedule: what is charged to whom, since when, with examples that are computed and not typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import policies
from core.guards import public
from core.models import Policy
from core.money import Money, share

EXAMPLES = (1_000, 5_990, 10_000, 128_800, 1_000_000)
WHOLE, PART = 10_000, 3_333  # released in two steps


@dataclass(frozen=True, slots=True)
class Example:
    gross: Money
    fee: Money

    @property
    def net(self) -> Money:
        return self.gross - self.fee


@public
@require_safe
def fees(request: HttpRequest) -> HttpResponse:
    """Each kind of order with each version of its rate, and what that is in money."""
    rows = [_row(policy) for policy in policies.versions()]
    newest = {row["kind"]: row for row in reversed(rows)}
    for row in rows:
        row["is_current"] = newest[row["kind"]] is row
    context = {"rows": rows, "current": [_with_examples(row) for row in rows if row["is_current"]]}
    return render(request, "pages/fees.html", context)


def _row(policy: Policy) -> dict[str, Any]:
    bps = policies.from_values(policy.values).fee_bps
    return {
        "kind": policy.kind,
        "word": policies.KIND_WORDS.get(policy.kind, policy.kind),
        "version": policy.version,
        "since": policy.created_at,
        "bps": bps,
        "percent": f"{bps / 100:g}",
    }


def _with_examples(row: dict[str, Any]) -> dict[str, Any]:
    def example(minor: int) -> Example:
        return Example(Money(minor), Money(share(minor, row["bps"])))

    first, both = example(PART), example(WHOLE)
    return {
        **row,
        "examples": [example(minor) for minor in EXAMPLES],
        "half": example(WHOLE - PART),
        "steps": {"part": first, "rest": Example(both.gross - first.gross, both.fee - first.fee), "whole": both},
    }
