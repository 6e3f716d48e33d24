"""
Many at one moment on money that comes back: late refunds, chargebacks, corrections. One wins, and the books balance.

Each test has been seen to fail with its guard taken away; its docstring says which.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest
from django.db import transaction

from core import clock
from core.actor import SYSTEM
from core.money import Money, share
from escrow.errors import AlreadyDecided, ChargebackOpen, HoldMoved, MoreThanReleased, TooMuch
from escrow.gateways import use
from escrow.gateways.base import Dispute
from escrow.ledger import account, balance
from escrow.models import Chargeback, Hold, Payment, Refund, Transfer, TransferKind
from escrow.services import adjustments, chargebacks, holds, late_refunds, payouts, steps
from flows import chargebacks as flow
from tests.escrow.disputes import about
from tests.factories.accounts import MediatorFactory
from tests.factories.escrow import ScriptedGateway, held, payout_account
from tests.stories import actor_of
from tests.together import at_once, books_agree, winners

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.money]
BEATEN = (
    HoldMoved,
    TooMuch,
    MoreThanReleased,
    ChargebackOpen,
    AlreadyDecided,
)  # not the ledger's key: that is too late
race = partial(at_once, beaten=BEATEN)
unbeaten = partial(winners, beaten=BEATEN)


def call(verb: Callable[..., object], hold: Hold, **given: object) -> Callable[[], object]:
    return lambda: verb(order_id=hold.order_id, actor=SYSTEM, reason="race", now=clock.now(), **given)


def released(minor: int = 10_000) -> Hold:
    hold = held(minor)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    return Hold.objects.select_related("merchant", "payment").get(pk=hold.pk)


def bank_takes(hold: Hold, minor: int) -> Callable[[], object]:
    """A dispute as ``flows.chargebacks`` books it, without the order's lock: the guards on the hold must do alone."""

    def act() -> object:
        with transaction.atomic():
            payment = Payment.objects.select_for_update(no_key=True).get(pk=hold.payment_id)
            return chargebacks.open_chargeback(payment=payment, dispute=about(payment, minor), now=clock.now())

    return act


def test_twenty_late_refunds_of_one_hold():
    """
    Seen red on PostgreSQL without the numbers in the WHERE of ``late_refunds._take_back``: the fees given back were
    then those of other sums.
    """
    for _ in range(3):
        hold = released()
        race([call(late_refunds.refund_released, hold, amount_minor=random.randint(1, 5_000)) for _ in range(20)])
        hold.refresh_from_db()
        sent = sum(Refund.objects.filter(hold=hold).values_list("amount_minor", flat=True))
        assert 0 < sent == hold.returned_minor <= 10_000
        assert hold.fee_back_minor == 500 - share(10_000 - sent, 500)
        books_agree()


def test_late_refunds_and_payouts_of_one_balance():
    """
    Seen red on PostgreSQL without the lock on the merchant's account in ``moves.lock_merchants``: the shortfall was
    counted on a balance that a payout had taken meanwhile, and the floor refused the buyer's refund.
    """
    for _ in range(4):
        hold = released()
        payout_account(hold.store_id)
        refunds = [call(late_refunds.refund_released, hold, amount_minor=10_000)]
        outs = [lambda hold=hold: payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())]
        results = race([*refunds, *outs])
        assert len(unbeaten(results)) == 2
        debt = -balance(account(f"receivable:{hold.store_id}:CNY"))
        assert debt in (0, 9_500) and balance(hold.merchant) == 0
        books_agree()


def test_a_chargeback_and_refunds_of_the_same_money():
    """
    MONEY.md §6, bug 12. Seen red on PostgreSQL without the lock on the holds in ``chargebacks._parts``: the part was
    counted on what a refund had just taken, and the CHECK refused the bank's own news.
    """
    for _ in range(6):
        hold = held(10_000)
        acts = [
            bank_takes(hold, 10_000),
            call(holds.refund, hold),
            call(holds.split, hold, refund_minor=3_000),
            call(steps.refund_part, hold, amount_minor=2_000),
            call(steps.release_part, hold, amount_minor=1_000),
        ]
        random.shuffle(acts)
        results = race(acts)
        assert any(isinstance(result, list) for result in results), "the bank is always heard"
        row = Chargeback.objects.get(payment_id=hold.payment_id)
        assert row.amount_minor == 10_000
        hold.refresh_from_db()
        assert hold.released_minor + hold.refunded_minor == 10_000
        books_agree()


def test_a_chargeback_and_late_refunds_of_the_same_money():
    """Seen red on PostgreSQL without the WHERE of ``late_refunds._take_back`` beyond the key: the CHECK refused."""
    for _ in range(8):
        hold = released()
        acts = [bank_takes(hold, 10_000), *[call(late_refunds.refund_released, hold, amount_minor=6_000)] * 3]
        random.shuffle(acts)
        results = race(acts)
        assert any(isinstance(result, list) for result in results)
        hold.refresh_from_db()
        assert hold.returned_minor == 10_000
        lost = -balance(account("losses:CNY"))
        assert lost % 6_000 == 0
        books_agree()


def test_steps_of_one_hold_take_their_own_legs():
    """Seen red on PostgreSQL without the numbers in the WHERE of ``moves.settle``: the unique key refused."""
    for _ in range(3):
        hold = held(10_000)
        race([call(steps.release_part, hold, amount_minor=500) for _ in range(10)])
        hold.refresh_from_db()
        legs = Transfer.objects.filter(kind=TransferKind.RELEASE_NET, ref=hold.pk).values_list("leg", flat=True)
        assert sorted(legs) == list(range(hold.released_minor // 500))
        books_agree()


class Bank(ScriptedGateway):
    """A provider whose payers' banks dispute."""

    dispute: Dispute

    def query_dispute(self, *, ref: str) -> Dispute:
        return self.dispute


@pytest.mark.parametrize("status", ["open", "won", "lost"])
def test_ten_notices_of_one_dispute(status):
    """
    Seen red on PostgreSQL without the locks on orders and payment in ``flows.chargebacks.dispute_changed``: it was
    booked several times. Not seen red on SQLite, where one writer at a time is the guard.
    """
    hold = released()
    Payment.objects.filter(pk=hold.payment_id).update(reference="PAY1")
    hold.payment.refresh_from_db()
    bank = Bank()
    bank.dispute = about(hold.payment, 4_000, status=status, ref="DP1")
    with use("sandbox", bank):
        race([lambda: flow.dispute_changed(gateway="sandbox", ref="DP1", now=clock.now()) for _ in range(10)])
    assert Chargeback.objects.get().status == status
    assert Transfer.objects.filter(kind=TransferKind.CHARGEBACK).count() == 1
    assert balance(hold.merchant) == (9_500 if status == "won" else 9_500 - 4_000 + 200)
    books_agree()


def test_ten_sign_one_correction():
    """Seen red on PostgreSQL without the states in the WHERE of ``adjustments.sign``: the ledger's key then refused."""
    held(10_000)
    row = adjustments.propose(
        debit="provider:sandbox:CNY", credit="rounding:CNY", amount=Money(3), reason="a cent",
        actor=actor_of(MediatorFactory()), now=clock.now(),
    )  # fmt: skip
    people = [actor_of(MediatorFactory()) for _ in range(10)]
    results = race(
        [lambda actor=actor: adjustments.sign(adjustment_id=row.pk, actor=actor, now=clock.now()) for actor in people]
    )
    assert len(unbeaten(results)) == 1
    assert balance(account("rounding:CNY")) == 3
    books_agree()
