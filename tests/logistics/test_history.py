"""What events add up to, whatever their order: LOGISTICS.md §2.4 and §5.4."""

from __future__ import annotations

import itertools
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logistics.carriers.base import Scan
from logistics.evidence import grade_of, same_city
from logistics.history import Fact, add_up, clamp
from logistics.states import SHIPMENT, ShipmentStatus

S = ShipmentStatus
START = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
SEQUENCES = json.loads((Path(__file__).parent / "fixtures" / "ordering_sequences.json").read_text())


def fact(status: str, hours: float, **fields) -> Fact:
    return Fact(key=f"{status}@{hours}", at=START + timedelta(hours=hours), status=status, **fields)


def facts_of(sequence: dict) -> list[Fact]:
    """The distinct events of a fixture."""
    found = {}
    for line in sequence["arrivals"]:
        at = datetime.fromisoformat(line["event_at"])
        grade = {"delivered.recipient": "B", "delivered.agent": "D"}.get(line["substate"], "")
        key = f"{at}|{line['substate']}|{line['text']}"
        found[key] = Fact(key=key, at=at, status=line["state"], grade=grade, code=line["substate"])
    return list(found.values())


@pytest.mark.parametrize("sequence", SEQUENCES, ids=[s["name"] for s in SEQUENCES])
def test_every_permutation_of_a_fixture_ends_in_the_same_state(sequence):
    facts = facts_of(sequence)
    sums = {add_up(order) for order in itertools.permutations(facts)}
    assert len(sums) == 1
    assert sums.pop().status == sequence["final_state"]


@pytest.mark.parametrize("sequence", SEQUENCES, ids=[s["name"] for s in SEQUENCES])
def test_every_permutation_of_a_fixture_sends_the_same_messages(sequence):
    facts = facts_of(sequence)
    told = set()
    for order in itertools.permutations(facts):
        sent: list[str] = []
        for end in range(1, len(order) + 1):
            before = {key for key, _ in add_up(order[: end - 1]).milestones}
            sent += [key for key, _ in add_up(order[:end]).milestones if key not in before]
        told.add(tuple(sorted(sent)))
    assert len(told) == 1


STATES = [state for state in S if state != S.UNKNOWN]
HISTORIES = st.lists(
    st.builds(
        lambda status, minute, code, grade: Fact(
            key=f"{status}{minute}{code}", at=START + timedelta(minutes=minute), status=status, code=code,
            grade=grade if status == S.DELIVERED else "",
        ),
        st.sampled_from(STATES), st.integers(0, 12), st.sampled_from(["", "a", "b"]), st.sampled_from(["B", "C", "D"]),
    ),
    max_size=9,
    unique_by=lambda f: f.key,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(HISTORIES, st.randoms(use_true_random=False), st.booleans())
def test_any_history_in_any_order_adds_up_to_the_same(facts, dice: random.Random, elsewhere):
    shuffled = facts[:]
    dice.shuffle(shuffled)
    assert add_up(facts, elsewhere=elsewhere) == add_up(shuffled, elsewhere=elsewhere)


@settings(max_examples=300, deadline=None)
@given(HISTORIES)
def test_no_history_asks_for_a_move_that_the_table_does_not_have(facts):
    """Events arrive one by one in any order; the state they lead to is always reachable from the one before."""
    state = S.CREATED
    for end in range(1, len(facts) + 1):
        new = add_up(facts[:end]).status
        assert new == state or new in SHIPMENT.moves[state], f"{state} → {new}"
        state = new


def test_after_delivery_transit_scans_are_noted_and_not_applied():
    late = fact(S.IN_TRANSIT, 9)
    total = add_up([fact(S.PICKED_UP, 1), fact(S.DELIVERED, 8, grade="B"), late])
    assert total.status == S.DELIVERED
    assert total.not_applied == {late.key}


def test_a_parcel_that_turns_round_after_delivery_is_on_its_way_back():
    total = add_up([fact(S.DELIVERED, 8, grade="B"), fact(S.RETURNING, 9)])
    assert (total.status, total.grade) == (S.RETURNING, "")


def test_a_return_delivered_to_the_sender_is_not_the_buyers_receipt():
    total = add_up([fact(S.OUT_FOR_DELIVERY, 3), fact(S.RETURNING, 5), fact(S.DELIVERED, 30, grade="B")])
    assert total.status == S.RETURNED
    assert total.delivered_at is None
    assert "delivered" not in dict(total.milestones)


def test_lost_and_found_goes_on_and_says_so():
    total = add_up([fact(S.LOST, 5), fact(S.IN_TRANSIT, 50)])
    assert total.status == S.IN_TRANSIT
    assert total.flags == {"found_after_lost"}


def test_what_happened_before_the_payment_does_not_count():
    old = [fact(S.PICKED_UP, -50, before_payment=True), fact(S.DELIVERED, -2, grade="B", before_payment=True)]
    total = add_up(old)
    assert (total.status, total.first_scan_at, total.delivered_at, total.milestones) == (S.CREATED, None, None, ())


def test_a_delivery_in_another_city_is_a_problem_and_no_delivery():
    total = add_up([fact(S.PICKED_UP, 1), fact(S.DELIVERED, 8, grade="B")], elsewhere=True)
    assert (total.status, total.grade, total.delivered_at) == (S.EXCEPTION, "", None)
    assert total.flags == {"city_mismatch"}


def test_a_locker_is_not_a_delivery():
    total = add_up([fact(S.PICKED_UP, 1), fact(S.AWAITING_COLLECTION, 8)])
    assert (total.status, total.grade, total.delivered_at) == (S.AWAITING_COLLECTION, "", None)


def test_the_better_proof_counts_and_the_first_delivery_keeps_the_time():
    total = add_up([fact(S.DELIVERED, 8, grade="D"), fact(S.DELIVERED, 12, grade="B")])
    assert (total.grade, total.delivered_at) == ("B", START + timedelta(hours=8))


def test_paperwork_is_no_first_scan():
    total = add_up([fact(S.CREATED, 1), fact(S.EXCEPTION, 40)])
    assert total.first_scan_at is None


def test_a_scan_from_the_future_is_clamped_to_its_receipt():
    assert clamp(START + timedelta(days=3), received_at=START) == START
    assert clamp(START + timedelta(minutes=9), received_at=START) == START + timedelta(minutes=9)


def delivery(text: str = "", *, grade: str = "B", **fields) -> Scan:
    return Scan(
        at=START, raw_time="", tz_source="explicit", code="301", status=S.DELIVERED, grade=grade, text=text, **fields
    )


@pytest.mark.parametrize(
    ("text", "signed_by", "grade"),
    [
        ("已签收，签收人：本人", "", "B"),
        ("已签收，由门卫代收", "", "D"),
        ("已签收，放入快递柜", "", "D"),
        ("快件已由菜鸟驿站代收", "", "D"),
        ("Delivered. Left at front door", "", "D"),
        ("Delivered, Parcel Locker", "", "D"),
        ("Delivered", "Signature not required", "C"),
        ("已签收", "前台", "D"),
        ("已签收，签收人：寄件人", "", "D"),
        ("ＬＥＦＴ　ＡＴ neighbour", "", "D"),
    ],
)
def test_words_lower_the_grade(text, signed_by, grade):
    assert grade_of(delivery(text), signed_by=signed_by) == grade


def test_words_never_raise_the_grade():
    assert grade_of(delivery("已签收，签收人：本人", grade="C"), signed_by="LI HUA") == "C"
    assert grade_of(delivery("signed by the recipient in person", grade="D"), signed_by="LI HUA") == "D"


def test_collected_with_the_code_stays_b_although_a_station_is_named():
    assert grade_of(delivery("已从驿站取件", at_pickup_point=True), signed_by="") == "B"


def test_only_a_delivery_has_a_grade():
    waiting = Scan(
        at=START, raw_time="", tz_source="", code="501", status=S.AWAITING_COLLECTION, grade="B", text="代收"
    )
    assert grade_of(waiting, signed_by="") == ""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("杭州市", "杭州", True),
        ("杭州市", "深圳市", False),
        ("", "杭州市", True),
        ("市辖区", "深圳市", True),  # Beijing's own row in the table of divisions
        ("Hangzhou City", "hangzhou", True),
        ("Hangzhou", "杭州市", True),  # another script is no contradiction
        ("Hangzhou", "Shenzhen", False),
    ],
)
def test_same_city(one, other, same):
    assert same_city(one, other) is same
