"""
Any sequence of acts on any holds, beside an auditor who keeps his own books in plain Python.

The auditor knows nothing of the code: he is told what was asked and whether it was refused, and works out in fractions
of whole numbers what must have happened. After each act the ledger must say the same.
"""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from core import clock
from core.actor import SYSTEM, Actor
from escrow.errors import ChargebackOpen, HoldMoved, MoreThanReleased, TooMuch
from escrow.gateways import use
from escrow.gateways.base import PayoutState, RefundState
from escrow.ledger import accounts, balance
from escrow.models import Chargeback, Hold, Payout, PayoutAccount, Reversal
from escrow.queries import books
from escrow.services import holds, late_refunds, passing_on, payouts, rollups, steps, taking_back
from tests.escrow.auditors_book import Book, Deal
from tests.escrow.disputes import close, dispute
from tests.factories.accounts import UserFactory
from tests.factories.escrow import (
    OrderFactory,
    PassingGateway,
    ScriptedGateway,
    account_there,
    held,
    payout_account,
)
from tests.factories.shop import StoreFactory

SECOND = Actor(user_id=uuid4(), is_mediator=True)
ACT = {"actor": SYSTEM, "reason": "auditor"}
PARTS = st.sampled_from((333, 500, 7, 667, 1000, 999, 0, -1, 1001))  # thousandths of what there is
OPEN = ("held", "frozen")
SOME = 6  # deals that a run begins with: most acts end one
Terms = tuple[int, int, bool]  # amount in minor units, fee in basis points, whether its buyer was warned
AMOUNTS = st.sampled_from((10_000, 9_999_999, 12_345, 3, 777, 1, 10))
DEALS = st.tuples(AMOUNTS, st.sampled_from((500, 333, 1, 0, 5_050, 10_000)), st.booleans())


class Auditor(RuleBasedStateMachine):
    deals = Bundle("deals")

    def __init__(self) -> None:
        super().__init__()
        self.store, self.buyer = StoreFactory(), UserFactory()
        payout_account(self.store.pk)
        account_there(self.store.pk)
        self.book = Book()
        self.provider = use("sandbox", PassingGateway())
        self.provider.__enter__()

    @initialize(target=deals, terms=st.lists(DEALS, min_size=SOME, max_size=SOME))
    def some_deals(self, terms: list[Terms]) -> object:
        return multiple(*[self._capture(*each) for each in terms])

    @rule(target=deals, terms=DEALS)
    def another_deal(self, terms: Terms) -> object:
        return self._capture(*terms)

    def _capture(self, amount: int, bps: int, warned: bool) -> object:
        order = OrderFactory(store=self.store, buyer=self.buyer, items_minor=amount, fee_bps=bps)
        hold = held(order=order, warned=warned)
        self.book.capture(hold.order_id, Deal(amount, bps, warned))
        return hold.order_id

    def _try(self, allowed: bool, act, **given) -> bool:
        try:
            act(**given, **ACT, now=clock.now())
        except (HoldMoved, TooMuch, ChargebackOpen, MoreThanReleased):
            assert not allowed, f"{act.__name__} was refused without a reason"
            return False
        assert allowed, f"{act.__name__} should have been refused"
        return True

    @staticmethod
    def _may_refund(deal: Deal) -> bool:
        return deal.state in OPEN and deal.claim is None

    @rule(order=deals)
    def release(self, order: object) -> None:
        deal = self.book.deals[order]
        if self._try(deal.state == "held", holds.release, order_id=order):
            self.book.move(deal, out=deal.rest)

    @rule(order=deals, part=PARTS)
    def release_part(self, order: object, part: int) -> None:
        deal = self.book.deals[order]
        minor = deal.rest * part // 1000
        allowed = deal.state == "held" and 0 < minor <= deal.rest
        if self._try(allowed, steps.release_part, order_id=order, amount_minor=minor):
            self.book.move(deal, out=minor)

    @rule(order=deals)
    def refund(self, order: object) -> None:
        deal = self.book.deals[order]
        if self._try(self._may_refund(deal), holds.refund, order_id=order):
            self.book.move(deal, back=deal.rest)

    @rule(order=deals, part=PARTS)
    def refund_part(self, order: object, part: int) -> None:
        deal = self.book.deals[order]
        minor = deal.rest * part // 1000
        allowed = self._may_refund(deal) and 0 < minor <= deal.rest
        if self._try(allowed, steps.refund_part, order_id=order, amount_minor=minor):
            self.book.move(deal, back=minor)

    @rule(order=deals, part=PARTS)
    def split(self, order: object, part: int) -> None:
        deal = self.book.deals[order]
        minor = deal.rest * part // 1000
        allowed = self._may_refund(deal) and 0 <= minor <= deal.rest
        if self._try(allowed, holds.split, order_id=order, refund_minor=minor):
            self.book.move(deal, back=minor, out=deal.rest - minor)

    @rule(order=deals)
    def freeze_or_thaw(self, order: object) -> None:
        deal = self.book.deals[order]
        if deal.state == "frozen":
            if self._try(deal.claim is None, holds.thaw, order_id=order):
                deal.state, deal.in_case = "held", False
        elif self._try(deal.state == "held", holds.freeze, order_id=order):
            deal.state, deal.in_case = "frozen", True

    @rule()
    def clock_strikes(self) -> None:
        now = clock.now()
        due = {key for key, deal in self.book.deals.items() if deal.state == "held" and deal.warned}
        done = holds.release_many(order_ids=list(self.book.deals), now=now, warned_before=now - timedelta(days=1))
        assert done == due
        for key in done:
            self.book.move(self.book.deals[key], out=self.book.deals[key].rest)

    @rule(order=deals, part=PARTS)
    def give_back(self, order: object, part: int) -> None:
        deal = self.book.deals[order]
        minor = (deal.released - deal.returned) * part // 1000
        allowed = deal.claim is None and 0 < minor <= deal.released - deal.returned
        if self._try(allowed, late_refunds.refund_released, order_id=order, amount_minor=minor):
            self._asked_back(deal, self.book.give_back(deal, minor))

    def _asked_back(self, deal: Deal, minor: int) -> None:
        """The reversals that have just been written are those of this act, and come to what the auditor says."""
        rows = [row for row in Reversal.objects.filter(status="pending") if row.pk not in self.book.asked_back]
        assert sum(row.amount_minor for row in rows) == minor
        for row in rows:
            claim = deal.claim if row.chargeback_id else None
            self.book.asked_back[row.pk] = (deal, row.amount_minor, claim)

    @rule(order=deals)
    def provider_passes_on(self, order: object) -> None:
        deal = self.book.deals[order]
        hold = Hold.objects.get(order_id=order)
        payout = passing_on.pass_on(hold_id=hold.pk, actor=SYSTEM, now=clock.now())
        assert (payout.amount_minor if payout else 0) == self.book.pass_on(deal)

    @rule(fails=st.booleans())
    def reversals_arrive(self, fails: bool) -> None:
        for pk, (deal, minor, claim) in list(self.book.asked_back.items()):
            answers = [RefundState("", "failed", "short of money")] if fails else []
            with use("sandbox", PassingGateway(*answers)):
                row = taking_back.send_reversal(reversal_id=pk, now=clock.now())
            is_won = claim is not None and claim.won
            assert row.status == ("failed" if fails or is_won else "done")
            self.book.came_back(deal, minor, is_there=row.status == "done")
            del self.book.asked_back[pk]

    @rule(order=deals, part=st.sampled_from((400, 1000, 1, 999, 1300)))
    def bank_takes(self, order: object, part: int) -> None:
        deal = self.book.deals[order]
        minor = max(1, deal.amount * part // 1000)
        if deal.claim is None:
            dispute(Hold.objects.get(order_id=order), minor)
            taken = Chargeback.objects.get(hold__order_id=order, status="open")
            taking_back.after_chargeback(chargeback_id=taken.pk, now=clock.now())
            self._asked_back(deal, self.book.take(deal, minor))

    @rule(order=deals, won=st.booleans())
    def bank_decides(self, order: object, won: bool) -> None:
        deal = self.book.deals[order]
        rows = list(Chargeback.objects.filter(hold__order_id=order, status="open"))
        assert bool(rows) == (deal.claim is not None)
        if rows:
            close(rows, "won" if won else "lost", stays_frozen=deal.in_case)
            self.book.decide(deal, won=won)

    @rule()
    def pay_out(self) -> None:
        payout = payouts.prepare_payout(store_id=self.store.pk, actor=SYSTEM, now=clock.now())
        assert (payout.amount_minor if payout else 0) == self.book.pay_out()
        rollups.roll_up(now=clock.now())

    @rule(agrees=st.booleans())
    def look_at_big_payouts(self, agrees: bool) -> None:
        for payout in Payout.objects.filter(store_id=self.store.pk, status="approval"):
            asked = {"payout_id": payout.pk, "actor": SECOND, "now": clock.now()}
            if agrees:
                payouts.approve_payout(**asked)
                continue
            payouts.refuse_payout(reason="auditor", **asked)
            self._came_to_nothing(payout)

    def _came_to_nothing(self, payout: Payout) -> None:
        if payout.hold is not None:
            self.book.not_passed_on(self.book.deals[payout.hold.order_id], payout.amount_minor)
            return
        self.book.in_flight -= payout.amount_minor
        self.book.balance += payout.amount_minor

    @rule(fails=st.booleans())
    def payouts_arrive(self, fails: bool) -> None:
        for payout in Payout.objects.filter(store_id=self.store.pk, status="prepared"):
            answers = [PayoutState("", "failed", "closed")] if fails else []
            deal = self.book.deals[payout.hold.order_id] if payout.hold else None
            with use("sandbox", PassingGateway(*answers)):
                payouts.send_payout(payout_id=payout.pk, now=clock.now())
            if fails or (deal is not None and deal.claim is not None):
                self._came_to_nothing(payout)
            elif deal is not None:
                self.book.passed_on(deal, payout.amount_minor)
            else:
                self.book.in_flight -= payout.amount_minor
                self.book.provider -= payout.amount_minor
            if fails:  # after some failures an account is used no more until it is entered again
                payout_account(self.store.pk)
                PayoutAccount.objects.filter(store_id=self.store.pk, gateway="sandbox").update(is_active=True)

    @rule()
    def the_bank_sends_back(self) -> None:
        for payout in Payout.objects.filter(store_id=self.store.pk, status="paid", hold=None):
            bank = ScriptedGateway()
            bank.sent_back[f"payout:{payout.pk}"] = "closed"
            with use("sandbox", bank):
                payouts.watch_payout(payout_id=payout.pk, now=clock.now())
            self.book.balance += payout.amount_minor
            self.book.provider += payout.amount_minor
            payout_account(self.store.pk)

    @invariant()
    def the_ledger_says_the_same(self) -> None:
        book, store = self.book, self.store.pk
        expected = {
            "escrow:CNY": book.held, "fees:CNY": book.fees, f"merchant:{store}:CNY": book.balance,
            f"receivable:{store}:CNY": -book.owed, "losses:CNY": -book.lost,
            "refund_in_flight:sandbox:CNY": book.sent_back, "payout_in_flight:sandbox:CNY": book.in_flight,
            "provider:sandbox:CNY": -book.provider,
        }  # fmt: skip
        assert {key: balance(row) for key, row in zip(expected, accounts(*expected), strict=True)} == expected
        told = {
            hold.order_id: (hold.released_minor, hold.fee_taken_minor, hold.refunded_minor, hold.returned_minor,
                            hold.fee_back_minor, hold.status if hold.status in OPEN else "closed")
            for hold in Hold.objects.filter(store_id=self.store.pk)
        }  # fmt: skip
        assert told == {
            key: (deal.released, deal.fee, deal.refunded, deal.returned, deal.fee_back, deal.state)
            for key, deal in book.deals.items()
        }

    def teardown(self) -> None:
        try:
            assert books().discrepancies == []
        finally:
            self.provider.__exit__(None, None, None)


# How often each act is done in a long walk: ends are rare, so that much happens to each deal before.
WEIGHTS = {
    "release": 2, "release_part": 10, "refund": 1, "refund_part": 5, "split": 2, "freeze_or_thaw": 8, "give_back": 15,
    "bank_takes": 10, "bank_decides": 12, "clock_strikes": 1, "pay_out": 4, "payouts_arrive": 5,
    "provider_passes_on": 12, "reversals_arrive": 4,
}  # fmt: skip


@pytest.mark.money
@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_a_long_walk(seed):
    """The same acts, thrown with weights: a hundred and fifty on end, where Hypothesis tries many short sequences."""
    dice, auditor = random.Random(seed), Auditor()
    parts = (1, 7, 333, 500, 667, 999, 1000, 1001, 0)
    orders: list[object] = []
    for step in range(150):
        if step % 25 == 0:
            terms = [(dice.choice((10_000, 9_999_999, 12_345, 777)), dice.choice((500, 333, 5_050)), True)]
            orders += [auditor._capture(*each) for each in terms * 3]
        name = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        given = {"order": dice.choice(orders), "part": dice.choice(parts), "won": step % 3 > 0, "fails": step % 2 == 0}
        act = getattr(auditor, name)
        act(**{key: given[key] for key in NEEDS.get(name, ())})
        auditor.the_ledger_says_the_same()
    auditor.teardown()


NEEDS = {
    "release": ("order",), "release_part": ("order", "part"), "refund": ("order",), "refund_part": ("order", "part"),
    "split": ("order", "part"), "freeze_or_thaw": ("order",), "give_back": ("order", "part"),
    "bank_takes": ("order", "part"), "bank_decides": ("order", "won"), "payouts_arrive": ("fails",),
    "provider_passes_on": ("order",), "reversals_arrive": ("fails",),
}  # fmt: skip


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
                max_examples=40,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=(Phase.generate,),  # what fails is told as it was found: making it shorter takes minutes
            ),
        )
