"""Every table of states: nothing unreachable, nothing stuck, nobody waiting without an owner and a date."""

import pytest

from core import deadlines
from core.transitions import Machine, all_machines

MACHINES = all_machines()
# States at rest: a move out is possible, but nobody waits for one.
RESTING = {
    "account": {"normal"},
    "coupon": {"draft"},  # the merchant's own desk
    "coupon_use": {"spent"},  # returned only if all of the order's money goes back
    "card_key": {"available", "quarantined", "sold"},  # what an order waits for is the order's own clock
    "product": {"draft", "listed", "unlisted", "stopped", "deleted"},  # the merchant's own shelf
    "application": {"lapsed"},  # kept, so that it can be taken up again
    "application_step": {"accepted"},  # until its merchant changes it
}


def finals(machine: Machine) -> set[str]:
    """Return the states in which nobody waits any more."""
    ends = {str(state) for state in machine.states.values if not machine.moves.get(state)}
    return ends | RESTING.get(machine.name, set())


def reachable(machine: Machine) -> set[str]:
    """Walk from the first state; each app's rows are born in it."""
    seen, open_ = set(), [machine.states.values[0]]
    while open_:
        state = open_.pop()
        if state not in seen:
            seen.add(state)
            open_ += machine.moves.get(state, ())
    return seen


def test_there_are_machines():
    assert {"order", "payment", "hold"} <= set(MACHINES)


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_every_state_is_reached_and_every_move_leads_to_a_state(name):
    machine = MACHINES[name]
    known = set(machine.states.values)
    assert set(machine.moves) <= known
    assert set().union(*machine.moves.values()) <= known
    assert reachable(machine) == known, f"never reached: {known - reachable(machine)}"


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_from_every_state_an_end_can_be_reached(name):
    machine = MACHINES[name]
    ends = finals(machine)
    assert ends, "no state is final"
    leads = set(ends)
    while more := {s for s in machine.moves if s not in leads and machine.moves[s] & leads}:
        leads |= more
    assert leads == set(machine.states.values), f"stuck: {set(machine.states.values) - leads}"


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_every_waiting_state_has_an_owner_and_a_deadline(name):
    machine = MACHINES[name]
    waiting = set(machine.states.values) - finals(machine)
    assert set(machine.waits) == waiting, f"without an owner, or final and owned: {set(machine.waits) ^ waiting}"
    for state, (owner, kinds) in machine.waits.items():
        assert owner, f"{state} waits for nobody"
        assert kinds, f"{state} waits without a deadline"
        assert set(kinds) <= set(deadlines.kinds()), f"{state}: nobody handles {set(kinds) - set(deadlines.kinds())}"
