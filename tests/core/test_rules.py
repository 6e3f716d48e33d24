"""Explainable rules: each finding carries its reason and the facts it stands on, and can be kept and replayed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from core.rules import Finding, Rule, judge


@dataclass(frozen=True)
class Parcel:
    promised_g: int
    weighed_g: int


def too_light(parcel: Parcel) -> Finding | None:
    missing = parcel.promised_g - parcel.weighed_g
    return Finding("too_light", 2, f"{missing} g are missing", asdict(parcel)) if missing > 50 else None


def weighed(parcel: Parcel) -> Finding | None:
    return Finding("weighed", -1, "the carrier weighed it") if parcel.weighed_g else None


RULES = (Rule("too_light", too_light), Rule("weighed", weighed))


def test_rules_answer_in_order_and_those_with_nothing_to_say_are_left_out():
    assert [found.rule for found in judge(RULES, Parcel(500, 300))] == ["too_light", "weighed"]
    assert [found.rule for found in judge(RULES, Parcel(500, 480))] == ["weighed"]
    assert judge(RULES, Parcel(0, 0)) == []


def test_a_finding_is_kept_as_json_and_the_same_facts_give_it_again():
    (found, _) = judge(RULES, Parcel(500, 300))
    kept = json.loads(json.dumps(found.as_json()))
    assert kept == {
        "rule": "too_light", "weight": 2, "reason": "200 g are missing",
        "facts": {"promised_g": 500, "weighed_g": 300},
    }  # fmt: skip
    assert judge(RULES, Parcel(**kept["facts"]))[0] == found
