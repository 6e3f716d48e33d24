"""
Any sequence of acts on any holds, beside an auditor who keeps his own books in plain Python.

The auditor knows nothing of the code: he is told what was asked and whether it was refused, and works out in fractions
of whole numbers what must have happened. After each act the ledger must say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from core import clock
from core.actor import SYSTEM
from escrow.errors import HoldMoved, TooMuch
from escrow.ledger import account, balance
from escrow.models import Hold
from escrow.queries import books
from escrow.services import holds, payouts
from tests.factories.accounts import UserFactory
from tests.factories.escrow import OrderFactory, held, payout_account
from tests.factories.shop import StoreFactory

ACT = {"actor": SYSTEM, "reason": "auditor"}


@dataclass
class Deal:
    """One hold in the auditor's book."""

    amount: int
    bps: int
    warned: bool
    state: str = "held"
    net: int = 0
    fee: int = 0
    back: int = 0

    def close(self, back: int) -> None:
        out = self.amount - back
        self.back, self.fee = back, round(Fraction(out * self.bps, 10_000))  # round() of a Fraction: half to even
        self.net = out - self.fee
        self.state = "closed"


class Auditor(RuleBasedStateMachine):
    deals = Bundle("deals")

    def __init__(self) -> None:
        super().__init__()
        self.store, self.buyer = StoreFactory(), UserFactory()
        payout_account(self.store.pk)
        self.book: dict[object, Deal] = {}
        self.paid_out = 0

    @rule(target=deals, amount=st.integers(1, 10**7), bps=st.integers(0, 10_000), warned=st.booleans())
    def capture(self, amount: int, bps: int, warned: bool) -> object:
        order = OrderFactory(store=self.store, buyer=self.buyer, items_minor=amount, fee_bps=bps)
        hold = held(order=order, warned=warned)
        self.book[hold.order_id] = Deal(amount, bps, warned)
        return hold.order_id

    def _try(self, allowed: bool, act, **given) -> bool:
        try:
            act(**given, **ACT, now=clock.now())
        except (HoldMoved, TooMuch):
            assert not allowed, f"{act.__name__} was refused without a reason"
            return False
        assert allowed, f"{act.__name__} should have been refused"
        return True

    @rule(order=deals)
    def release(self, order: object) -> None:
        deal = self.book[order]
        if self._try(deal.state == "held", holds.release, order_id=order):
            deal.close(0)

    @rule(order=deals)
    def refund(self, order: object) -> None:
        deal = self.book[order]
        if self._try(deal.state in ("held", "frozen"), holds.refund, order_id=order):
            deal.close(deal.amount)

    @rule(order=deals, part=st.integers(-1, 1001))
    def split(self, order: object, part: int) -> None:
        deal = self.book[order]
        minor = deal.amount * part // 1000
        allowed = deal.state in ("held", "frozen") and 0 <= minor <= deal.amount
        if self._try(allowed, holds.split, order_id=order, refund_minor=minor):
            deal.close(minor)

    @rule(order=deals)
    def freeze(self, order: object) -> None:
        deal = self.book[order]
        if self._try(deal.state == "held", holds.freeze, order_id=order):
            deal.state = "frozen"

    @rule(order=deals)
    def thaw(self, order: object) -> None:
        deal = self.book[order]
        if self._try(deal.state == "frozen", holds.thaw, order_id=order):
            deal.state = "held"

    @rule()
    def clock_strikes(self) -> None:
        now = clock.now()
        due = {key for key, deal in self.book.items() if deal.state == "held" and deal.warned}
        done = holds.release_many(order_ids=list(self.book), now=now, warned_before=now - timedelta(days=1))
        assert done == due
        for key in done:
            self.book[key].close(0)

    @rule()
    def pay_out(self) -> None:
        payout = payouts.prepare_payout(store_id=self.store.pk, actor=SYSTEM, now=clock.now())
        owed = self._earned() - self.paid_out
        assert (payout.amount_minor if payout else 0) == owed
        self.paid_out += owed

    def _earned(self) -> int:
        return sum(deal.net for deal in self.book.values())

    @invariant()
    def the_ledger_says_the_same(self) -> None:
        deals = self.book.values()
        still_held = sum(deal.amount for deal in deals if deal.state != "closed")
        assert balance(account("escrow:CNY")) == still_held
        assert balance(account("fees:CNY")) == sum(deal.fee for deal in deals)
        assert balance(account(f"merchant:{self.store.pk}:CNY")) == self._earned() - self.paid_out
        assert balance(account("refund_in_flight:sandbox:CNY")) == sum(deal.back for deal in deals)
        assert balance(account("provider:sandbox:CNY")) == -sum(deal.amount for deal in deals)
        for key, deal in self.book.items():
            hold = Hold.objects.get(order_id=key)
            told = (hold.released_minor - hold.fee_taken_minor, hold.fee_taken_minor, hold.refunded_minor)
            assert told == (deal.net, deal.fee, deal.back)

    def teardown(self) -> None:
        assert books().discrepancies == []


@pytest.mark.money
class TestAuditor(TestCase):
    """Each run starts from empty tables and is rolled back."""

    def test_any_sequence_of_acts(self) -> None:
        from django.db import transaction

        class InItsOwnTransaction(Auditor):
            def __init__(self) -> None:
                self.scope = transaction.atomic()
                self.scope.__enter__()
                super().__init__()

            def teardown(self) -> None:
                try:
                    super().teardown()
                finally:
                    transaction.set_rollback(True)
                    self.scope.__exit__(None, None, None)

        run_state_machine_as_test(
            InItsOwnTransaction,
            settings=settings(
                max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
