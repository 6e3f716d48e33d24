"""Holds in steps: parts leave, the rest stays, and the parts come to the whole with the fee of the whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clock
from core.actor import SYSTEM
from core.models import AuditEntry
from core.money import share
from escrow.errors import HoldMoved, TooMuch
from escrow.ledger import account, balance
from escrow.models import Hold, Refund, Transfer, TransferKind
from escrow.queries import books, merchant_lines, order_lines
from escrow.services import holds, steps
from escrow.states import HoldStatus
from tests.factories.escrow import held

pytestmark = [pytest.mark.django_db, pytest.mark.money]


def act(verb, hold, **more):
    done = verb(order_id=hold.order_id, actor=SYSTEM, reason="step", now=clock.now(), **more)
    hold.refresh_from_db()
    return done


def agree():
    assert books().discrepancies == []


def legs(hold, kind=TransferKind.RELEASE_NET):
    rows = Transfer.objects.filter(kind=kind, ref=hold.pk).order_by("leg")
    return list(rows.values_list("leg", "amount"))


def test_a_part_is_released_and_the_rest_stays_held():
    hold = held(10_000)
    done = act(steps.release_part, hold, amount_minor=4_000)
    assert (done.net.minor, done.fee.minor) == (3_800, 200)
    assert (hold.status, hold.closed_at, hold.rest.minor) == (HoldStatus.HELD, None, 6_000)
    assert balance(account("escrow:CNY")) == 6_000
    assert AuditEntry.objects.get(act="hold.part").facts["left_minor"] == 6_000
    agree()


def test_the_last_step_closes_the_hold():
    hold = held(10_000)
    for minor in (3_333, 3_333, 3_334):
        act(steps.release_part, hold, amount_minor=minor)
        agree()
    assert hold.status == HoldStatus.RELEASED
    assert hold.fee_taken_minor == 500
    assert [leg for leg, _ in legs(hold)] == [0, 1, 2]


def test_refunds_in_steps_are_rows_of_their_own():
    hold = held(10_000)
    act(holds.freeze, hold)
    act(steps.refund_part, hold, amount_minor=1_000)
    assert hold.status == HoldStatus.FROZEN
    act(steps.refund_part, hold, amount_minor=9_000)
    assert hold.status == HoldStatus.REFUNDED
    assert sorted(Refund.objects.values_list("amount_minor", flat=True)) == [1_000, 9_000]
    agree()


def test_released_and_refunded_in_steps_is_split():
    hold = held(10_000)
    act(steps.refund_part, hold, amount_minor=1)
    act(steps.release_part, hold, amount_minor=1)
    act(holds.release, hold)
    assert hold.status == HoldStatus.SPLIT
    assert (hold.released_minor, hold.refunded_minor, hold.fee_taken_minor) == (9_999, 1, 500)
    agree()


def test_the_clock_releases_what_the_steps_have_left():
    hold, whole = held(10_000, warned=True), held(777, warned=True)
    act(steps.release_part, hold, amount_minor=30)
    act(steps.refund_part, hold, amount_minor=70)
    now = clock.now()
    ids = [hold.order_id, whole.order_id]
    assert holds.release_many(order_ids=ids, now=now, warned_before=now - timedelta(days=1)) == set(ids)
    hold.refresh_from_db()
    whole.refresh_from_db()
    assert (hold.status, whole.status) == (HoldStatus.SPLIT, HoldStatus.RELEASED)
    assert [leg for leg, _ in legs(hold)] == [0, 1]
    assert hold.fee_taken_minor == share(9_930, 500)
    assert AuditEntry.objects.filter(act="hold.split", subject=str(hold.pk)).exists()
    agree()


@pytest.mark.parametrize("minor", [-1, 0, 10_001])
@pytest.mark.parametrize("verb", [steps.release_part, steps.refund_part])
def test_nothing_and_more_than_is_left_are_refused(verb, minor):
    hold = held(10_000)
    with pytest.raises(TooMuch):
        act(verb, hold, amount_minor=minor)
    agree()


def test_frozen_money_is_refunded_in_parts_but_not_released():
    hold = held(10_000)
    act(holds.freeze, hold)
    with pytest.raises(HoldMoved):
        act(steps.release_part, hold, amount_minor=1)
    agree()


def test_a_hold_that_moved_meanwhile_refuses_the_step():
    """The WHERE of ``moves.settle`` repeats what was read; without it the second step's fee is the first's."""
    from escrow.services import moves

    hold = held(10_000)
    stale = moves.find(hold.order_id, among=(HoldStatus.HELD,))
    act(steps.release_part, hold, amount_minor=100)
    with pytest.raises(HoldMoved):
        moves.settle(stale, refund_minor=0, release_minor=100, actor=SYSTEM, reason="late", now=clock.now())
    agree()


def test_each_step_is_a_line_of_both_accounts():
    hold = held(10_000)
    act(steps.release_part, hold, amount_minor=4_000)
    act(steps.refund_part, hold, amount_minor=1_000)
    act(steps.release_part, hold, amount_minor=5_000)
    assert order_lines(hold.order_id)[0].kind == "capture"
    assert sorted(line.amount.minor for line in order_lines(hold.order_id)) == [-5_000, -4_000, -1_000, 10_000]
    assert order_lines(hold.order_id)[-1].balance.minor == 0
    lines = list(merchant_lines(hold.store_id))
    assert [line.amount.minor for line in lines] == [4_750, 3_800]
    assert "¥50.00" in str(lines[0].note) and "¥40.00" in str(lines[1].note)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(parts=st.lists(st.integers(1, 5_000), min_size=1, max_size=6), bps=st.integers(0, 10_000))
def test_steps_take_the_fee_of_the_whole(parts, bps):
    hold = held(sum(parts), fee_bps=bps)
    for minor in parts:
        act(steps.release_part, hold, amount_minor=minor)
    assert hold.fee_taken_minor == share(sum(parts), bps)
    assert hold.status == HoldStatus.RELEASED
    assert sum(amount for _, amount in legs(hold)) == sum(parts) - share(sum(parts), bps)
    assert Hold.objects.get(pk=hold.pk).rest.minor == 0
    agree()
