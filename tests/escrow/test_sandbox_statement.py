"""The pretended bank's statement: every movement once, on its day, and a closing balance that follows from them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock
from core.money import Money
from escrow import sandbox_bank
from escrow.gateways import gateway
from escrow.gateways.base import GivesStatements, TellsBalance
from escrow.models import SandboxCharge
from escrow.queries.reconciliation import china_day, day_bounds
from tests.sandbox import at_bank
from tests.stories import placed_order

pytestmark = pytest.mark.django_db


def today():
    return china_day(clock.now())


def statement(day=None):
    bank = gateway("sandbox")
    assert isinstance(bank, GivesStatements)
    return bank.statement(day=day or today())


def sent(kind: str, minor: int = 1_000) -> SandboxCharge:
    body = {"key": f"{kind}:7", "amount": {"minor": minor, "currency": "CNY"}, "bank": "", "holder": "", "number": "1"}
    answer = sandbox_bank.payout(body)
    return SandboxCharge.objects.get(reference=answer["ref"])


def lines(day=None):
    return sorted((row.kind, row.gross.minor, row.fee.minor) for row in statement(day).rows)


def test_arrivals_with_their_fee_refunds_and_payouts(settings):
    settings.SANDBOX_FEE_BPS = 60
    order = placed_order()
    at_bank(order.payment_id, "paid")
    charge = SandboxCharge.objects.get()
    sandbox_bank.refund(
        {"key": "refund:1", "reference": charge.reference, "movement_ref": charge.movements[0]["ref"],
         "amount": {"minor": 500, "currency": "CNY"}}
    )  # fmt: skip
    sent("payout")
    total = order.total_minor
    fee = (total * 60 + 5_000) // 10_000
    assert lines() == sorted([("payment", total, fee), ("payout", -1_000, 0), ("refund", -500, 0)])
    bank = gateway("sandbox")
    assert isinstance(bank, TellsBalance)
    assert statement().closing == bank.balance(currency="CNY").amount == Money(total - fee - 1_500)
    assert {row.reference for row in statement().rows} == {charge.reference, "refund:1", "payout:7"}


def test_a_chargeback_and_its_win_and_a_payout_that_came_back():
    order = placed_order()
    at_bank(order.payment_id, "paid")
    key = f"payment:{order.payment_id}"
    sandbox_bank.act(key=key, outcome="chargeback")
    sandbox_bank.act(key=key, outcome="chargeback_won")
    assert sandbox_bank.decide(reference=sent("payout").reference, state="returned")
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
        sent("payout")
    yesterday, total = today() - timedelta(days=1), order.total_minor
    assert (lines(yesterday), statement(yesterday).closing) == ([("payment", total, 0)], Money(total))
    assert (lines(), statement().closing) == ([("payout", -1_000, 0)], Money(total - 1_000))
    assert lines(today() - timedelta(days=2)) == []


def test_a_payout_that_is_pending_is_not_there_until_it_is_decided():
    body = {"key": "payout:7", "amount": {"minor": 5, "currency": "CNY"}, "bank": "", "holder": "", "number": "1111"}
    reference = sandbox_bank.payout(body)["ref"]
    assert lines() == []
    sandbox_bank.decide(reference=reference, state="done")
    assert lines() == [("payout", -5, 0)]
