"""The pretended bank's statement: every movement once, on its day, and a closing balance that follows from them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock
from core.money import Money
from escrow.gateways import gateway
from escrow.gateways.base import GivesStatements, TellsBalance
from escrow.queries.reconciliation import china_day, day_bounds
from tests import sandbox
from tests.sandbox import at_bank
from tests.stories import placed_order

pytestmark = pytest.mark.django_db


def today():
    return china_day(clock.now())


def statement(day=None):
    bank = gateway("sandbox")
    assert isinstance(bank, GivesStatements)
    return bank.statement(day=day or today())


def sent(minor: int = 1_000, *, number: str = "1") -> str:
    """A payout: its number at the bank."""
    return gateway("sandbox").payout(key="payout:7", amount=Money(minor), bank="", holder="", number=number).ref


def lines(day=None):
    return sorted((row.kind, row.gross.minor, row.fee.minor) for row in statement(day).rows)


def test_arrivals_with_their_fee_refunds_and_payouts():
    sandbox.book().fee_bps = 60
    order = placed_order()
    at_bank(order.payment_id, "paid")
    charge = sandbox.charge_of(order.payment_id)
    refund = {"key": "refund:1", "reference": charge.ref, "movement_ref": charge.arrivals[0].ref}
    gateway("sandbox").refund(**refund, amount=Money(500))
    sent()
    total = order.total_minor
    fee = (total * 60 + 5_000) // 10_000
    assert lines() == sorted([("payment", total, fee), ("payout", -1_000, 0), ("refund", -500, 0)])
    bank = gateway("sandbox")
    assert isinstance(bank, TellsBalance)
    assert statement().closing == bank.balance(currency="CNY").amount == Money(total - fee - 1_500)
    assert {row.reference for row in statement().rows} == {charge.ref, "refund:1", "payout:7"}


def test_a_chargeback_and_its_win_and_a_payout_that_came_back():
    order = placed_order()
    at_bank(order.payment_id, "paid")
    with sandbox.silence():
        sandbox.act(order.payment_id, "chargeback")
        sandbox.act(order.payment_id, "chargeback_won")
    sandbox.book().decide_transfer(sent(), "returned")
    total = order.total_minor
    assert lines() == sorted(
        [("payment", total, 0), ("chargeback", -total, 0), ("chargeback", total, 0), ("payout", -1_000, 0),
         ("payout", 1_000, 0)]
    )  # fmt: skip
    assert statement().closing == Money(total)


def test_each_movement_is_on_its_day_and_the_days_before_close_without_it():
    midnight = day_bounds(today())[0]
    with clock.at(midnight - timedelta(seconds=1)):
        order = placed_order()
        at_bank(order.payment_id, "paid")
    with clock.at(midnight):
        sent()
    yesterday, total = today() - timedelta(days=1), order.total_minor
    assert (lines(yesterday), statement(yesterday).closing) == ([("payment", total, 0)], Money(total))
    assert (lines(), statement().closing) == ([("payout", -1_000, 0)], Money(total - 1_000))
    assert lines(today() - timedelta(days=2)) == []


def test_a_payout_that_is_pending_is_not_there_until_it_is_decided():
    reference = sent(5, number="1111")
    assert lines() == []
    sandbox.book().decide_transfer(reference, "done")
    assert lines() == [("payout", -5, 0)]
