"""What a provider holds it passes on to the merchant there: once, whatever the wire does, and never paid out besides."""

from __future__ import annotations

import pytest

from core import clock
from escrow.models import Payment, Payout, Transfer, TransferKind
from escrow.states import PayoutStatus
from tests.contracts.passed import FEE, NET, Passing, passing
from tests.factories.escrow import payout_account
from tests.stories import settle, wait

__all__ = ["passing"]
pytestmark = [pytest.mark.django_db, pytest.mark.money]


def test_a_release_is_passed_on_there_and_not_paid_out_again(passing: Passing):
    order = passing.order()
    payout = passing.released(order)
    assert (payout.status, payout.amount_minor, payout.gateway) == (PayoutStatus.PAID, NET, passing.name)
    (given,) = passing.there("release")
    assert (given.minor, given.to) == (NET, passing.deal.partner.destination)
    assert payout.gateway_ref
    assert passing.his(order) == 0
    payout_account(order.store_id)
    wait(days=4)
    assert Payout.objects.get() == payout
    assert passing.sum_there("payout") == 0
    assert passing.deal.book.balance("CNY") == FEE
    assert passing.agrees()


def test_without_an_account_there_it_is_paid_out_as_ever(passing: Passing):
    order = passing.order(with_account=False)
    payout_account(order.store_id)
    passing.confirmed(order)
    settle()
    wait(hours=2)
    payout = Payout.objects.get()
    assert (payout.hold_id, payout.amount_minor, passing.sum_there("release")) == (None, NET, 0)
