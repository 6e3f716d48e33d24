"""The daily run: whatever was lost, money that may leave is planned within the day; nothing is planned twice."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command

from core import clock, deadlines
from core.actor import SYSTEM, Actor
from core.models import Deadline
from escrow import tasks
from escrow.gateways import use
from escrow.gateways.base import Refused
from escrow.models import Hold, Payout
from escrow.services import holds, payouts
from escrow.services.payout_run import plan_payouts
from escrow.services.terms import set_terms
from tests.factories.escrow import ScriptedGateway, held, payout_account
from tests.stories import settle, wait

pytestmark = [pytest.mark.django_db, pytest.mark.money]


def forgotten(*, with_account: bool = True) -> Hold:
    """A store with a balance, an account, and no deadline that would pay it out."""
    hold = held(10_000)
    if with_account:
        payout_account(hold.store_id)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    Deadline.objects.filter(kind="payout.due").delete()
    return hold


def is_planned(hold: Hold) -> bool:
    return Deadline.objects.filter(kind="payout.due", subject=str(hold.store_id), done_at__isnull=True).exists()


def test_what_was_forgotten_is_planned_and_paid(capsys):
    first, second, nowhere = forgotten(), forgotten(), forgotten(with_account=False)
    call_command("payout_run")
    assert "2 payouts planned" in capsys.readouterr().out
    assert (is_planned(first), is_planned(second), is_planned(nowhere)) == (True, True, False)
    assert plan_payouts(now=clock.now()) == 0, "a run twice harms nothing"
    settle()
    assert {row.store_id for row in Payout.objects.filter(status="paid")} == {first.store_id, second.store_id}
    tasks.plan_payouts()
    assert not is_planned(first)


def test_what_is_planned_keeps_its_time():
    hold = forgotten()
    due_at = clock.now() + timedelta(minutes=40)
    deadlines.schedule("payout.due", subject=hold.store_id, due_at=due_at)
    assert plan_payouts(now=clock.now()) == 0
    assert Deadline.objects.get(kind="payout.due", done_at__isnull=True).due_at == due_at


def test_a_reserve_alone_is_no_reason():
    hold = forgotten()
    agreed = {"credit_line_minor": 0, "reserve_bps": 10_000, "reserve_days": 10, "reason": "new", "currency": "CNY"}
    set_terms(store_id=hold.store_id, actor=Actor(user_id=uuid4(), is_mediator=True), now=clock.now(), **agreed)
    assert plan_payouts(now=clock.now()) == 0
    clock.advance_sandbox(timedelta(days=11))
    assert plan_payouts(now=clock.now()) == 1


def test_what_has_just_failed_is_tried_again_within_the_day_but_not_every_hour():
    hold = forgotten()
    payout = payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    assert payout is not None
    with use("sandbox", ScriptedGateway(Refused("try tomorrow"))):
        payouts.send_payout(payout_id=payout.pk, now=clock.now())
    clock.advance_sandbox(timedelta(hours=19))
    assert plan_payouts(now=clock.now()) == 0
    clock.advance_sandbox(timedelta(hours=2))
    assert plan_payouts(now=clock.now()) == 1


def test_a_changed_account_still_waits_its_three_days():
    hold = forgotten()
    clock.advance_sandbox(timedelta(seconds=1))
    payout_account(hold.store_id, "9999000011112222")
    Deadline.objects.filter(kind="payout.due").delete()
    assert plan_payouts(now=clock.now()) == 1
    settle()
    assert not Payout.objects.exists()
    assert is_planned(hold), "for when it may be used"
    wait(hours=73)
    assert Payout.objects.get().destination.last4 == "2222"


def test_many_stores_take_few_queries(django_assert_max_num_queries):
    for _ in range(8):
        forgotten()
    with django_assert_max_num_queries(4 + 8):  # chunk, terms, plans, the empty chunk; one statement per plan
        assert plan_payouts(now=clock.now()) == 8
