"""
Death between any two statements: an act is cut off before its first, second, … last statement, and then done again.

What was not committed is gone, as the database promises to whoever is killed; what counts is that the books agree after
the cut, that the act can then be done to its end, and that it has happened once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from core import clock
from core.actor import SYSTEM
from escrow.gateways import use
from escrow.gateways.base import Movement, PaymentState
from escrow.models import Hold, Payment, Payout, Refund, Reversal, Transfer
from escrow.queries import books
from escrow.services import holds, late_refunds, passing_on, payouts, refunds, taking_back
from flows import purchase, release
from tests import stories
from tests.factories.escrow import (
    OrderFactory,
    PassingGateway,
    ScriptedGateway,
    account_there,
    held,
    payout_account,
)
from tests.factories.shop import StoreFactory

pytestmark = [pytest.mark.django_db, pytest.mark.fault, pytest.mark.money]
MOST = 200  # statements of one act
Act = tuple[Callable[[], object], Callable[[], bool]]  # what is done, and whether it has happened


class Killed(BaseException):
    """Nothing that catches errors catches this."""


@contextmanager
def killed_at(place: int) -> Iterator[list[int]]:
    """Die instead of the statement number ``place``, counted from 1; what is given counts those before."""
    seen = [0]

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen[0] += 1
        if seen[0] == place:
            raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield seen


def confirming() -> Act:
    order = stories.delivered_order()
    act = {"order_id": order.pk, "actor": stories.buyer_of(order), "now": clock.now()}
    return lambda: release.confirm_receipt(**act), lambda: Hold.objects.get(order=order).status == "released"


def releasing_by_the_clock() -> Act:
    order = stories.delivered_order()
    holds.note_warned(order_id=order.pk, now=clock.now() - timedelta(days=30))
    act = ([str(order.pk)], clock.now())
    return lambda: release.release_due(*act), lambda: Hold.objects.get(order=order).status == "released"


def holding_what_was_paid() -> Act:
    order = stories.placed_order()
    bank = ScriptedGateway()
    state = PaymentState("paid", (Movement(f"MV{order.pk.hex}", order.total, clock.now()),), payee=bank.payee)
    bank.query_payment = lambda *, reference: state  # type: ignore[method-assign]
    Payment.objects.filter(pk=order.payment_id).update(reference="at-bank")

    def settle() -> None:
        with use("sandbox", bank):
            purchase.settle_payment(payment_id=order.payment_id, now=clock.now())

    return settle, lambda: Hold.objects.filter(order=order).exists()


def sending_a_refund() -> Act:
    hold = held(10_000)
    refund = holds.refund(order_id=hold.order_id, actor=SYSTEM, reason="test", now=clock.now())
    bank = ScriptedGateway()

    def send() -> None:
        with use("sandbox", bank):
            refunds.send_refund(refund_id=refund.pk, now=clock.now())
        assert bank.moved == 10_000  # once, however often it was asked

    return send, lambda: Refund.objects.get(pk=refund.pk).status == "done"


def paying_out() -> Act:
    hold = _earned()
    return (
        lambda: payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now()),
        lambda: Payout.objects.filter(store_id=hold.store_id).count() == 1,
    )


def sending_a_payout() -> Act:
    hold = _earned()
    payout = payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    assert payout is not None
    bank = ScriptedGateway()

    def send() -> None:
        with use("sandbox", bank):
            payouts.send_payout(payout_id=payout.pk, now=clock.now())
        assert bank.moved == payout.amount_minor

    return send, lambda: Payout.objects.get(pk=payout.pk).status == "paid"


def passing_on_what_was_released() -> Act:
    hold = _passed_to()
    return (
        lambda: _at(PassingGateway(), passing_on.pass_on, hold_id=hold.pk, actor=SYSTEM),
        lambda: Payout.objects.filter(hold=hold).count() == 1,
    )


def sending_what_is_passed_on() -> Act:
    hold = _passed_to()
    bank = PassingGateway()
    payout = _at(bank, passing_on.pass_on, hold_id=hold.pk, actor=SYSTEM)

    def send() -> None:
        _at(bank, payouts.send_payout, payout_id=payout.pk)
        assert bank.moved == payout.amount_minor

    return send, lambda: Payout.objects.get(pk=payout.pk).status == "paid"


def giving_back_what_was_passed_on() -> Act:
    hold, bank = _passed_on()
    given = {"order_id": hold.order_id, "amount_minor": 4_000, "actor": SYSTEM, "reason": "broken"}
    return (
        lambda: _at(bank, late_refunds.refund_released, **given),
        lambda: Reversal.objects.filter(payout__hold=hold).count() == 1,
    )


def taking_back_what_was_passed_on() -> Act:
    hold, bank = _passed_on()
    _at(bank, late_refunds.refund_released, order_id=hold.order_id, amount_minor=4_000, actor=SYSTEM, reason="broken")
    row, before = Reversal.objects.get(payout__hold=hold), bank.moved

    def take() -> None:
        _at(bank, taking_back.send_reversal, reversal_id=row.pk)
        assert bank.moved - before == 3_800

    return take, lambda: Reversal.objects.get(pk=row.pk).status == "done"


def _at(bank: PassingGateway, act: Callable[..., Any], **given: Any) -> Any:
    with use("sandbox", bank):
        return act(**given, now=clock.now())


def _passed_to() -> Hold:
    hold = held(order=OrderFactory(store=StoreFactory(), items_minor=10_000))
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    account_there(hold.store_id)
    return hold


def _passed_on() -> tuple[Hold, PassingGateway]:
    hold, bank = _passed_to(), PassingGateway()
    payout = _at(bank, passing_on.pass_on, hold_id=hold.pk, actor=SYSTEM)
    _at(bank, payouts.send_payout, payout_id=payout.pk)
    return hold, bank


def _earned() -> Hold:
    hold = held(order=OrderFactory(store=StoreFactory(), items_minor=10_000))
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(hold.store_id)
    return hold


ACTS = (
    confirming, releasing_by_the_clock, holding_what_was_paid, sending_a_refund, paying_out, sending_a_payout,
    passing_on_what_was_released, sending_what_is_passed_on, giving_back_what_was_passed_on,
    taking_back_what_was_passed_on,
)  # fmt: skip


@pytest.mark.parametrize("make", ACTS)
def test_death_between_any_two_statements_leaves_the_books_whole(make):
    """Seen red with the transaction of ``payouts.prepare_payout`` and of ``release.confirm_receipt`` taken away."""
    for place in range(1, MOST):
        act, is_done = make()
        transfers = Transfer.objects.count()
        died = False
        with killed_at(place) as seen:
            try:
                act()
            except Killed:
                died = True
        assert books().discrepancies == [], place
        if not died:
            assert seen[0] < place
            assert is_done()
            break
        if not is_done():
            act()
        assert is_done(), place
        assert books().discrepancies == [], place
        assert Transfer.objects.count() > transfers
    else:
        pytest.fail("the act has no end")
    assert place > 3
