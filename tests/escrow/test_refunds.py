"""A refund reaches the buyer once, whatever the provider does: before, after and instead of its answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock
from core.actor import SYSTEM
from core.models import Deadline, OutboxEvent
from escrow import handlers
from escrow.errors import NotFailed
from escrow.gateways import use
from escrow.gateways.base import RefundState, Refused, Unavailable
from escrow.ledger import account, balance
from escrow.models import Refund
from escrow.queries import books, failed_refunds
from escrow.services import holds, refunds
from escrow.states import RefundStatus
from tests.factories.escrow import ScriptedGateway, held

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture
def intent() -> Refund:
    hold = held(10_000)
    return holds.refund(order_id=hold.order_id, actor=SYSTEM, reason="cancelled", now=clock.now())


def send(intent: Refund, bank: ScriptedGateway) -> Refund:
    with use("sandbox", bank):
        refunds.send_refund(refund_id=intent.pk, now=clock.now())
    intent.refresh_from_db()
    return intent


def waiting(intent: Refund) -> Deadline | None:
    return Deadline.objects.filter(kind="refund.send", subject=str(intent.pk), done_at__isnull=True).first()


def returned(intent: Refund, bank: ScriptedGateway) -> None:
    assert intent.status == RefundStatus.DONE
    assert bank.moved == 10_000
    assert waiting(intent) is None
    assert balance(account("refund_in_flight:sandbox:CNY")) == 0
    assert balance(account("provider:sandbox:CNY")) == 0
    assert OutboxEvent.objects.filter(name="escrow.refund_done").count() == 1
    assert books().discrepancies == []


def test_a_refund_that_goes_well(intent):
    bank = ScriptedGateway()
    returned(send(intent, bank), bank)
    assert bank.calls == [("refund", f"refund:{intent.pk}")]
    returned(send(intent, bank), bank)  # once more: nothing happens, the bank is not even asked
    assert len(bank.calls) == 1


def test_the_call_never_arrived(intent):
    bank = ScriptedGateway(Unavailable())
    assert send(intent, bank).status == RefundStatus.SENT
    assert bank.moved == 0
    assert waiting(intent).due_at > clock.now()
    assert books().discrepancies == []
    returned(send(intent, bank), bank)
    assert [act for act, _ in bank.calls] == ["refund", "query_refund", "refund"]


def test_the_answer_was_lost(intent):
    """The bank has paid and we do not know: the outcome is asked for, nothing is sent a second time."""
    bank = ScriptedGateway("lose")
    assert send(intent, bank).status == RefundStatus.SENT
    assert bank.moved == 10_000
    assert books().discrepancies == []  # as far as we know it is still on its way
    returned(send(intent, bank), bank)
    assert [act for act, _ in bank.calls] == ["refund", "query_refund"]


def test_the_answer_takes_its_time(intent):
    bank = ScriptedGateway(RefundState("RF1", "pending"))
    assert send(intent, bank).status == RefundStatus.SENT
    assert waiting(intent) is not None
    bank.done[f"refund:{intent.pk}"] = intent.amount
    returned(send(intent, bank), bank)


def test_two_send_at_the_same_moment(intent):
    """The second one reads the row before the first has written its answer; both ask under one key."""
    bank = ScriptedGateway()

    class Nested(ScriptedGateway):
        def refund(self, **call):
            send(intent, bank)  # somebody else goes the whole way meanwhile
            return bank.refund(**call)

    send(intent, Nested())
    assert {key for _, key in bank.calls} == {f"refund:{intent.pk}"}
    returned(intent, bank)


@pytest.mark.parametrize("no", [Refused("account closed"), RefundState("RF1", "failed", "account closed")])
def test_a_refusal_is_for_staff_and_may_be_tried_again_under_a_new_key(intent, no):
    bank = ScriptedGateway(no)
    send(intent, bank)
    assert intent.status == RefundStatus.FAILED
    assert intent.failure == "account closed"
    assert waiting(intent) is None
    assert list(failed_refunds()) == [intent]
    assert balance(account("refund_in_flight:sandbox:CNY")) == 10_000  # it is owed still, and nobody else's
    assert books().discrepancies == []
    refunds.retry_refund(refund_id=intent.pk, actor=SYSTEM, now=clock.now())
    with pytest.raises(NotFailed):
        refunds.retry_refund(refund_id=intent.pk, actor=SYSTEM, now=clock.now())
    returned(send(intent, bank), bank)
    assert bank.calls[-1] == ("refund", f"refund:{intent.pk}:2")


def test_waits_grow_up_to_an_hour(intent):
    waits = []
    for tries in (0, 1, 2, 9, 200):
        Deadline.objects.filter(kind="refund.send", subject=str(intent.pk)).update(tries=tries)
        waits.append(refunds.backoff("refund.send", intent.pk))
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=30)
    assert waits[-1] == timedelta(hours=1)


def test_the_clock_sends_what_is_due(intent):
    bank = ScriptedGateway()
    with use("sandbox", bank):
        handlers.send_refunds([str(intent.pk)], clock.now())
    intent.refresh_from_db()
    returned(intent, bank)
