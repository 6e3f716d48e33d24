"""
Many at one moment on the same money: one wins, and the books balance.

Each test has been seen to fail with its guard taken away; its docstring says which.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from unittest import mock

import pytest

from core import clock
from core.actor import SYSTEM
from escrow.errors import HoldMoved, Overdrawn
from escrow.gateways import use
from escrow.ledger import balance
from escrow.models import Hold, Payment, Payout, Receipt, Refund, Transfer, TransferKind
from escrow.services import holds, payments, payouts, refunds
from escrow.states import HoldStatus, PaymentStatus
from flows import purchase
from shop.models import Order
from tests.factories.escrow import OrderFactory, ScriptedGateway, held, open_payment, payout_account
from tests.factories.shop import StoreFactory
from tests.sandbox import at_bank
from tests.together import at_once, books_agree, winners

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.money]
BEATEN = (HoldMoved, Overdrawn)
race = partial(at_once, beaten=BEATEN)
unbeaten = partial(winners, beaten=BEATEN)


def call(verb: Callable[..., object], hold: Hold, **given: object) -> Callable[[], object]:
    return lambda: verb(order_id=hold.order_id, actor=SYSTEM, reason="race", now=clock.now(), **given)


def test_twenty_refunds_and_splits_of_one_hold():
    """
    Seen red on PostgreSQL without the WHERE of ``holds._settle`` beyond the key, on SQLite without its transaction too:
    the CHECK on the row was then the last to refuse.
    """
    for _ in range(3):
        hold = held(10_000)
        splits = [call(holds.split, hold, refund_minor=random.randint(1, 9_999)) for _ in range(10)]
        results = race([*splits, *[call(holds.refund, hold) for _ in range(10)]])
        assert len(unbeaten(results)) == 1
        hold.refresh_from_db()
        assert hold.released_minor + hold.refunded_minor == 10_000
        sent_back = sum(Refund.objects.filter(hold=hold).values_list("amount_minor", flat=True))
        assert sent_back == hold.refunded_minor
    books_agree()


def test_release_freeze_and_refund_at_the_same_moment():
    """
    Seen red on PostgreSQL without the states in the WHERE of ``holds._settle`` and ``holds._turn``, on SQLite without
    their transactions too.
    """
    for _ in range(8):
        hold = held(10_000, warned=True)

        def by_clock(hold: Hold = hold) -> object:
            now = clock.now()
            done = holds.release_many(
                order_ids=[hold.order_id], now=now, warned_before=now - timedelta(days=1)
            )  # fmt: skip
            return done or HoldMoved()

        acts = [call(holds.release, hold), call(holds.freeze, hold), call(holds.refund, hold), by_clock]
        random.shuffle(acts)
        results = race(acts)
        hold.refresh_from_db()
        won = unbeaten(results)
        was_frozen_first = any(isinstance(result, Hold) for result in won)
        # What is frozen may still be refunded, but never released.
        assert len(won) == 1 or (was_frozen_first and len(won) == 2 and hold.status == HoldStatus.REFUNDED)
        if was_frozen_first:
            assert hold.released_minor == 0
    books_agree()


def test_many_releases_by_the_clock_release_each_hold_once():
    """
    Seen red on PostgreSQL without FOR NO KEY UPDATE SKIP LOCKED (the transfers' unique key then refused), on SQLite
    without the transaction and the state in the WHERE.
    """
    store = StoreFactory()
    all_held = [held(order=OrderFactory(store=store, items_minor=1000), warned=True) for _ in range(30)]
    ids = [hold.order_id for hold in all_held]
    now = clock.now()
    results = race(
        [lambda: holds.release_many(order_ids=ids, now=now, warned_before=now - timedelta(days=1)) for _ in range(4)]
    )
    sets = [result for result in results if isinstance(result, set)]
    released = set().union(*sets)
    released |= holds.release_many(order_ids=ids, now=now, warned_before=now)  # whoever was skipped comes back
    assert released == set(ids)
    assert sum(len(part) for part in sets) <= len(ids)
    assert balance(all_held[0].merchant) == 30 * 950
    books_agree()


def test_twenty_payouts_of_the_full_balance():
    """
    Seen red on PostgreSQL without the lock on the account's row and the floor under its balance (twenty payouts), on
    SQLite without the transaction of ``prepare_payout`` (five).
    """
    hold = held(10_000)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(hold.store_id)
    results = race(
        [lambda: payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now()) for _ in range(20)]
    )
    assert sum(isinstance(result, Payout) for result in results) == 1
    assert Payout.objects.get().amount_minor == 9_500
    assert balance(hold.merchant) == 0
    books_agree()


def test_one_refund_sent_by_ten_arrives_once():
    """Seen red on both databases without compare-and-set in ``core.transitions.advance``; the ledger's key refused."""
    hold = held(10_000)
    intent = holds.refund(order_id=hold.order_id, actor=SYSTEM, reason="cancelled", now=clock.now())
    bank = ScriptedGateway()
    with use("sandbox", bank):
        race([lambda: refunds.send_refund(refund_id=intent.pk, now=clock.now()) for _ in range(10)])
    intent.refresh_from_db()
    assert intent.status == "done"
    assert bank.moved == 10_000
    assert Transfer.objects.filter(kind=TransferKind.REFUND_DONE).count() == 1
    books_agree()


def test_ten_settle_one_payment():
    """
    Seen red on PostgreSQL without the locks on orders and payment; the receipt's unique reference refused. Not seen red
    on SQLite, where one writer at a time is the guard.
    """
    order = OrderFactory()
    payment = open_payment(12_800, buyer_id=order.buyer_id)
    Order.objects.filter(pk=order.pk).update(payment=payment)
    at_bank(payment.pk, "paid")  # the shop does not know yet
    state = payments.ask_gateway(payment_id=payment.pk)
    with mock.patch.object(payments, "ask_gateway", return_value=state):  # all have asked and come back at one moment
        race([lambda: purchase.settle_payment(payment_id=payment.pk, now=clock.now()) for _ in range(10)])
    assert Payment.objects.get().status == PaymentStatus.PAID
    assert Receipt.objects.count() == 1
    assert Hold.objects.get().amount_minor == 12_800
    assert Transfer.objects.filter(kind=TransferKind.CAPTURE).count() == 1
    books_agree()
