"""Big payouts wait for a second pair of eyes; nobody forgets them, and nobody agrees with himself."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.models import Notice
from core import clock, outbox
from core.actor import SYSTEM, Actor
from core.errors import Forbidden, IllegalTransition, NotFound
from core.models import AuditEntry, Deadline
from escrow.errors import FourEyes, NeedsReason
from escrow.gateways import use
from escrow.ledger import account, balance
from escrow.models import Hold, Payout
from escrow.queries import books, merchant_money, payouts_to_approve
from escrow.services import holds, payouts
from escrow.states import PayoutStatus
from flows import payouts as flow
from tests.factories.accounts import MediatorFactory
from tests.factories.escrow import ScriptedGateway, held, payout_account
from tests.stories import actor_of, wait

pytestmark = [pytest.mark.django_db, pytest.mark.money]
STAFF = Actor(user_id=uuid4(), is_mediator=True)


@pytest.fixture
def big(settings) -> Hold:
    settings.PAYOUT_APPROVAL_MINOR = 9_500
    hold = held(10_000)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(hold.store_id)
    return hold


def prepare(hold: Hold, actor: Actor = SYSTEM) -> Payout:
    payout = payouts.prepare_payout(store_id=hold.store_id, actor=actor, now=clock.now())
    assert payout is not None
    return payout


def approve(payout: Payout, actor: Actor = STAFF) -> Payout:
    return flow.approve(payout_id=payout.pk, actor=actor, now=clock.now())


def is_planned(payout: Payout, kind: str) -> bool:
    return Deadline.objects.filter(kind=kind, subject=str(payout.pk), done_at__isnull=True).exists()


def test_below_the_limit_nobody_is_asked(big, settings):
    settings.PAYOUT_APPROVAL_MINOR = 9_501
    assert prepare(big).status == PayoutStatus.PREPARED


def test_a_big_payout_is_off_the_balance_and_leaves_only_when_approved(big):
    payout, bank = prepare(big), ScriptedGateway()
    assert payout.status == PayoutStatus.APPROVAL
    assert list(payouts_to_approve()) == [payout]
    assert balance(account("payout_in_flight:sandbox:CNY")) == 9_500
    assert merchant_money(big.store_id, clock.now()).arriving.minor == 9_500
    assert not is_planned(payout, "payout.send")
    with use("sandbox", bank):
        payouts.send_payout(payout_id=payout.pk, now=clock.now())
        assert bank.calls == []
        approve(payout)
        assert not is_planned(payout, "payout.approve_by")
        assert is_planned(payout, "payout.send")
        payouts.send_payout(payout_id=payout.pk, now=clock.now())
    payout.refresh_from_db()
    assert (payout.status, payout.approved_by, bank.moved) == (PayoutStatus.PAID, STAFF.user_id, 9_500)
    assert AuditEntry.objects.get(act="payout.prepared").user_id == STAFF.user_id
    assert books().discrepancies == []


def test_whoever_prepared_it_or_owns_the_store_is_no_second_pair_of_eyes(big):
    first = Actor(user_id=uuid4(), is_mediator=True)
    payout = prepare(big, first)
    with pytest.raises(FourEyes):
        approve(payout, first)
    with pytest.raises(FourEyes):
        approve(payout, Actor(user_id=big.order.store.owner_id, is_mediator=True))
    with pytest.raises(Forbidden):
        approve(payout, Actor(user_id=uuid4()))
    with pytest.raises(NotFound):
        flow.approve(payout_id=payout.pk + 1, actor=STAFF, now=clock.now())
    payout.refresh_from_db()
    assert (payout.status, payout.approved_by) == (PayoutStatus.APPROVAL, None)
    approve(payout)
    with pytest.raises(IllegalTransition):
        approve(payout, Actor(user_id=uuid4(), is_mediator=True))


def test_a_refused_payout_is_back_and_the_merchant_reads_why(big):
    payout = prepare(big)
    with pytest.raises(NeedsReason):
        payouts.refuse_payout(payout_id=payout.pk, reason=" ", actor=STAFF, now=clock.now())
    with pytest.raises(Forbidden):
        payouts.refuse_payout(payout_id=payout.pk, reason="no", actor=Actor(user_id=uuid4()), now=clock.now())
    payouts.refuse_payout(payout_id=payout.pk, reason="Name differs from the register.", actor=STAFF, now=clock.now())
    payout.refresh_from_db()
    assert (payout.status, payout.failure) == (PayoutStatus.FAILED, "Name differs from the register.")
    assert balance(big.merchant) == 9_500
    assert balance(account("payout_in_flight:sandbox:CNY")) == 0
    assert not is_planned(payout, "payout.approve_by")
    outbox.drain()
    notice = Notice.objects.get(user_id=big.order.store.owner_id, kind="escrow.payout_refused")
    assert "Name differs from the register." in notice.body
    with pytest.raises(IllegalTransition):
        approve(payout)
    assert books().discrepancies == []


def test_staff_hear_of_it_at_once_and_again_until_they_act(big):
    staff = MediatorFactory()
    payout = prepare(big)
    outbox.drain()
    told = Notice.objects.filter(user_id=staff.pk, kind="escrow.payout_waits")
    assert told.count() == 1
    wait(hours=7)
    assert told.count() == 2
    wait(hours=6)
    assert told.count() == 3
    flow.approve(payout_id=payout.pk, actor=actor_of(staff), now=clock.now())
    wait(hours=7)
    assert told.count() == 3
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PAID
    assert clock.now() - payout.created_at < timedelta(hours=24)
