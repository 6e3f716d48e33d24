"""
Passing on and taking back in four bad moods, the whole way: through the shop, the real adapter and the wire.

It fails before, it is done but its answer is lost, it arrives twice, its answer is late. Whatever happened, the
provider moves the amount once and the books say so once.
"""

from __future__ import annotations

import pytest

from core import clock
from core.actor import SYSTEM
from escrow.models import Payout, Refund, Reversal, Transfer, TransferKind
from escrow.queries import books
from escrow.services import late_refunds, payouts, refunds, taking_back
from shop.models import Order
from tests.contracts.passed import FEE, NET, Passing, passing
from tests.stories import settle

__all__ = ["passing"]
pytestmark = [pytest.mark.django_db, pytest.mark.money]
MOODS = ("fail_before", "lose", "duplicate", "delay")
SLOW = 5.0  # seconds: longer than the shop waits for an answer
BACK = 4_000  # of the 12,800; the fee on it is 200


def count(*kinds: TransferKind) -> int:
    return Transfer.objects.filter(kind__in=kinds).count()


@pytest.mark.parametrize("mood", MOODS)
def test_a_part_is_passed_on_once(passing: Passing, mood: str):
    order = passing.order()
    passing.deal.bad("release", mood, seconds=SLOW)
    payout = passing.released(order)
    assert not passing.deal.book.faults.rest(), "the fault was met"
    for _ in range(3):
        payouts.send_payout(payout_id=payout.pk, now=clock.now())
    payout.refresh_from_db()
    assert (payout.status, passing.sum_there("release"), len(passing.there("release"))) == ("paid", NET, 1)
    assert (count(TransferKind.PAYOUT_SENT), count(TransferKind.PAYOUT_DONE)) == (1, 1)
    assert (passing.his(order), passing.deal.book.balance("CNY")) == (0, FEE)
    assert passing.agrees()


@pytest.mark.parametrize("mood", ["lose", "delay"])
def test_what_was_not_heard_is_asked_for_and_not_asked_anew(passing: Passing, mood: str):
    order = passing.order()
    passing.deal.bad("release", mood, seconds=SLOW)
    payout = passing.released(order)
    assert (payout.status, len(passing.there("release"))) == ("sent", 1)
    asked: list[str] = []
    passing.deal.gateway.release = lambda **given: asked.append(given["key"])
    payouts.send_payout(payout_id=payout.pk, now=clock.now())
    payout.refresh_from_db()
    assert (payout.status, asked) == ("paid", [])


def given_back(passing: Passing, order: Order) -> Refund:
    """The merchant gives back a part of what was passed on to him; nothing has been sent yet."""
    refund = late_refunds.refund_released(
        order_id=order.pk, amount_minor=BACK, actor=SYSTEM, reason="a part was broken", now=clock.now()
    )
    reversal = Reversal.objects.get()
    assert (reversal.amount_minor, reversal.refund) == (BACK - 200, refund)
    assert passing.owes(order) == BACK - 200, "the buyer does not wait for it: until it is back, he owes it"
    return refund


def send(refund: Refund) -> None:
    """All that is to be sent, as the clock does."""
    for reversal in Reversal.objects.filter(refunds_payer=False):
        taking_back.send_reversal(reversal_id=reversal.pk, now=clock.now())
    refunds.send_refund(refund_id=refund.pk, now=clock.now())


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("op", ["reverse_release", "refund"])
def test_what_is_given_back_is_taken_back_and_refunded_once(passing: Passing, op: str, mood: str):
    order = passing.order()
    passing.released(order)
    refund = given_back(passing, order)
    if passing.can_refund_by_reversal:
        op = "reverse_release"  # there the refund is the same act
    passing.deal.bad(op, mood, seconds=SLOW)
    for _ in range(4):
        send(refund)
    assert not passing.deal.book.faults.rest(), "the fault was met"
    refund.refresh_from_db()
    assert (refund.status, refund.attempt, Reversal.objects.get().status) == ("done", 1, "done")
    (returned,) = passing.deal.book.refunds.values()
    assert (returned.minor, returned.state) == (BACK, "done")
    assert (passing.sum_there("reversal"), len(passing.there("reversal"))) == (BACK - 200, 1)
    assert count(TransferKind.PASSED_BACK) == count(TransferKind.REFUND_DONE) == 1
    assert (passing.his(order), passing.owes(order)) == (0, 0)
    assert passing.deal.book.balance("CNY") == FEE - 200
    assert passing.agrees()


@pytest.mark.parametrize("mood", ["lose", "delay"])
def test_a_reversal_that_was_not_heard_is_asked_for_and_not_asked_anew(passing: Passing, mood: str):
    order = passing.order()
    passing.released(order)
    refund = given_back(passing, order)
    passing.deal.bad("reverse_release", mood, seconds=SLOW)
    send(refund)
    assert not passing.deal.book.faults.rest()
    assert len(passing.there("reversal")) == 1
    asked: list[str] = []
    passing.deal.gateway.reverse_release = lambda **given: asked.append(given["key"])
    send(refund)
    assert (asked, Reversal.objects.get().status) == ([], "done")
    assert passing.agrees()


def test_what_cannot_be_had_from_him_he_owes_and_the_buyer_is_refunded_all_the_same(passing: Passing):
    order = passing.order()
    passing.released(order)
    for transfer in passing.there("release"):  # he has taken it away from there
        passing.deal.book.reverse(key="elsewhere", release_ref=transfer.ref, minor=NET)
    before = passing.deal.book.balance("CNY")
    refund = given_back(passing, order)
    for _ in range(3):
        send(refund)
    refund.refresh_from_db()
    reversal = Reversal.objects.get()
    assert (refund.status, reversal.status) == ("done", "failed")
    assert refund.attempt == (2 if passing.can_refund_by_reversal else 1)
    assert reversal.failure
    assert Payout.objects.get().reversed_minor == 0
    assert books().discrepancies == []
    assert passing.owes(order) == BACK - 200
    assert before - passing.deal.book.balance("CNY") == BACK


def test_a_merchant_who_has_enough_here_gives_it_back_from_here(passing: Passing):
    order = passing.order()
    hold = passing.confirmed(order)  # on his balance, not passed on yet
    late_refunds.refund_released(
        order_id=order.pk, amount_minor=BACK, actor=SYSTEM, reason="a part was broken", now=clock.now()
    )
    assert not Reversal.objects.exists()
    settle()
    payout = Payout.objects.get(hold=hold)
    assert (payout.status, payout.amount_minor) == ("paid", NET - BACK + 200)
    assert (passing.his(order), passing.owes(order)) == (0, 0)
    assert passing.agrees()
