"""
Every outgoing call in four bad moods: it fails before, is done but its answer lost, is answered twice, comes late.

Whatever happens, the provider moves the amount once, under one key, and the books say so once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from core import clock
from core.actor import SYSTEM
from core.models import OutboxEvent
from escrow.gateways import use
from escrow.gateways.base import PayoutState, RefundState, Unavailable
from escrow.ledger import account, balance
from escrow.models import Payout, Refund, Transfer, TransferKind
from escrow.queries import books
from escrow.services import holds, payouts, refunds
from tests.factories.escrow import ScriptedGateway, held, payout_account

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@dataclass
class Outgoing:
    """One kind of money on its way out."""

    name: str
    row: Payout | Refund
    send: Callable[[], object]
    done: TransferKind
    amount: int
    state: type[PayoutState] | type[RefundState]

    def again(self, bank: ScriptedGateway, times: int = 1) -> None:
        with use("sandbox", bank):
            for _ in range(times):
                self.send()
        self.row.refresh_from_db()

    def has_moved_once(self, bank: ScriptedGateway) -> bool:
        asked = {key for act, key in bank.calls if act == self.name}
        return (
            asked == {f"{self.name}:{self.row.pk}"}
            and bank.moved == self.amount
            and Transfer.objects.filter(kind=self.done).count() == 1
            and OutboxEvent.objects.filter(name=f"escrow.{self.name}_done").count() == 1
            and balance(account(f"{self.name}_in_flight:sandbox:CNY")) == 0
            and books().discrepancies == []
        )


@pytest.fixture(params=["payout", "refund"])
def out(request) -> Outgoing:
    hold = held(10_000)
    if request.param == "refund":
        back = holds.refund(order_id=hold.order_id, actor=SYSTEM, reason="cancelled", now=clock.now())
        send = lambda: refunds.send_refund(refund_id=back.pk, now=clock.now())  # noqa: E731
        return Outgoing("refund", back, send, TransferKind.REFUND_DONE, 10_000, RefundState)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(hold.store_id)
    row = payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    assert row is not None
    go = lambda: payouts.send_payout(payout_id=row.pk, now=clock.now())  # noqa: E731
    return Outgoing("payout", row, go, TransferKind.PAYOUT_DONE, 9_500, PayoutState)


def test_it_fails_before_anything_is_done(out):
    bank = ScriptedGateway(Unavailable(), Unavailable())
    out.again(bank, 2)
    assert (out.row.status, bank.moved) == ("sent", 0)
    out.again(bank)
    assert [act for act, _ in bank.calls] == [out.name, f"query_{out.name}", out.name, f"query_{out.name}", out.name]
    assert out.has_moved_once(bank)


def test_it_is_done_but_the_answer_is_lost(out):
    bank = ScriptedGateway("lose")
    out.again(bank)
    assert (out.row.status, bank.moved) == ("sent", out.amount)
    assert books().discrepancies == []
    out.again(bank)
    assert [act for act, _ in bank.calls] == [out.name, f"query_{out.name}"], "never created a second time"
    assert out.has_moved_once(bank)


def test_it_is_answered_twice(out):
    """A second worker asks while the first still waits, and both hear that it is done."""
    bank = ScriptedGateway(lambda: out.send() and None)
    out.again(bank)
    assert len(bank.calls) > 1, "both have asked"
    assert out.has_moved_once(bank)
    out.again(bank, 3)
    assert out.has_moved_once(bank)


def test_it_is_answered_late(out):
    """The provider has not heard of it when it is asked, and works it off right after."""
    bank = ScriptedGateway("late")
    out.again(bank)
    assert (out.row.status, bank.moved) == ("sent", 0)
    out.again(bank)
    assert out.has_moved_once(bank)


def test_it_is_pending_for_days(out):
    bank = ScriptedGateway(*[out.state("at-bank", "pending")] * 3)
    out.again(bank, 3)
    assert (out.row.status, bank.moved) == ("sent", 0)
    assert books().discrepancies == []
    out.again(bank)
    assert out.has_moved_once(bank)
