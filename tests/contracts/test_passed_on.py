"""What a provider holds it passes on to the merchant there: never paid out besides, stopped by what stops payouts."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from core import clock
from core.actor import SYSTEM, Actor
from core.models import Deadline
from escrow.gateways.base import GivesStatements
from escrow.models import Chargeback, Hold, Payment, Payout, PayoutAccount, Reversal, StatementLine, Ticket
from escrow.queries import books
from escrow.records import custody
from escrow.services import holds, late_refunds, passing_on, payout_stop, payouts, statement_files, steps, terms
from escrow.services.payout_accounts import set_provider_account
from escrow.states import PayoutStatus
from flows import chargebacks
from flows import statements as flow
from tests.contracts.passed import FEE, NET, Passing, passing
from tests.factories.escrow import payout_account
from tests.stories import settle, wait

__all__ = ["passing"]
pytestmark = [pytest.mark.django_db, pytest.mark.money]
STAFF = Actor(user_id=uuid4(), is_mediator=True)
HERE = {"stripe"}  # whose payers' banks can take money back


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


def test_each_step_of_a_hold_is_passed_on_by_itself(passing: Passing):
    order = passing.order()
    hold = Hold.objects.get(order=order)
    for minor in (5_000, 5_000, 2_800):
        steps.release_part(order_id=order.pk, amount_minor=minor, actor=SYSTEM, reason="agreed", now=clock.now())
        for _ in range(2):  # a worker that comes twice finds nothing left
            passing_on.pass_on(hold_id=hold.pk, actor=SYSTEM, now=clock.now())
        settle()
    assert sorted(row.minor for row in passing.there("release")) == [2_660, 4_750, 4_750]
    assert passing.his(order) == 0
    assert passing.agrees()


def test_it_is_not_passed_on_where_the_account_is_new_in_place_of_another(passing: Passing):
    """A thief who enters an account of his own gets nothing for three days, in which its owner has been told."""
    order = passing.order(with_account=False)
    payout_account(order.store_id)
    clock.advance_sandbox(timedelta(hours=1))
    passing.account(order)
    passing.confirmed(order)
    settle()
    assert passing.sum_there("release") == 0
    assert not Payout.objects.filter(hold__isnull=False).exists()
    wait(hours=2)
    assert Payout.objects.get().destination.gateway == "", "meanwhile it goes where it always went"


def test_a_new_account_waits_three_days_and_then_gets_what_waited_for_it(passing: Passing):
    order = passing.order()
    first = PayoutAccount.objects.get()
    PayoutAccount.objects.filter(pk=first.pk).update(created_at=clock.now() - timedelta(days=9))
    number = passing.deal.partner.destination
    other = number[:-1] + ("1" if number[-1] != "1" else "2")
    newer = set_provider_account(
        store_id=order.store_id, gateway=passing.name, number=other, actor=SYSTEM, now=clock.now()
    )
    passing.confirmed(order)
    wait(days=2)
    assert passing.sum_there("release") == 0
    wait(days=2)
    payout = Payout.objects.get()
    assert (payout.destination_id, payout.hold_id is not None, payout.status) == (newer.pk, True, "paid")
    assert passing.agrees()


def test_the_stop_holds_what_would_be_passed_on_and_lifting_lets_it_go(passing: Passing):
    order = passing.order()
    payout_stop.stop_payouts(reason="a strange statement", actor=STAFF, now=clock.now())
    payout = passing.released(order)
    wait(hours=3)
    payout.refresh_from_db()
    assert (payout.status, passing.sum_there("release")) == ("prepared", 0)
    payout_stop.lift_stop(actor=STAFF, now=clock.now())
    settle()
    payout.refresh_from_db()
    assert (payout.status, passing.sum_there("release")) == ("paid", NET)


def test_a_big_one_waits_for_a_second_pair_of_eyes(passing: Passing, settings):
    settings.PAYOUT_APPROVAL_MINOR = NET
    order = passing.order()
    payout = passing.released(order)
    wait(hours=2)
    assert (payout.status, passing.sum_there("release")) == ("approval", 0)
    payouts.approve_payout(payout_id=payout.pk, actor=STAFF, now=clock.now())
    settle()
    payout.refresh_from_db()
    assert (payout.status, passing.sum_there("release")) == ("paid", NET)


def test_one_that_staff_refuse_is_back_on_the_balance(passing: Passing, settings):
    settings.PAYOUT_APPROVAL_MINOR = NET
    order = passing.order()
    payout = passing.released(order)
    payouts.refuse_payout(payout_id=payout.pk, reason="looks like a stolen account", actor=STAFF, now=clock.now())
    assert (passing.his(order), passing.sum_there("release")) == (NET, 0)
    assert books().discrepancies == []


def test_debts_and_the_reserve_stay(passing: Passing):
    order = passing.order()
    terms.set_terms(
        store_id=order.store_id, currency="CNY", credit_line_minor=0, reserve_bps=1_000, reserve_days=30,
        reason="new here", actor=STAFF, now=clock.now(),
    )  # fmt: skip
    payout = passing.released(order)
    assert (payout.amount_minor, passing.his(order)) == (NET - 1_216, 1_216)
    assert passing.agrees()


def test_what_the_provider_refuses_goes_by_payout(passing: Passing):
    order = passing.order()
    payout_account(order.store_id)
    refunded = passing.charge_of(order)
    passing.deal.book.release(key="elsewhere", charge_ref=refunded.ref, minor=12_800, to="somebody")
    payout = passing.released(order)
    assert (payout.status, passing.his(order)) == ("failed", NET)
    assert payout.failure
    wait(days=4)
    assert list(Payout.objects.filter(hold=None).values_list("amount_minor", flat=True)) == [NET]
    assert Payout.objects.filter(hold__isnull=False).count() == 1
    assert books().discrepancies == []


def test_past_the_providers_day_nothing_is_passed_on(passing: Passing):
    """``provider_deadline``: from then on it has let go of the money by itself."""
    order = passing.order()
    payout_account(order.store_id)
    Hold.objects.filter(order=order).update(provider_deadline=clock.now())
    passing.confirmed(order)
    settle()
    assert not Payout.objects.filter(hold__isnull=False).exists()
    assert passing.sum_there("release") == 0


def test_a_refund_while_it_is_held_leaves_less_to_be_passed_on(passing: Passing):
    order = passing.order()
    hold = Hold.objects.get(order=order)
    holds.split(order_id=order.pk, refund_minor=2_800, actor=SYSTEM, reason="agreed", now=clock.now())
    passing_on.pass_on(hold_id=hold.pk, actor=SYSTEM, now=clock.now())
    settle()
    assert (passing.sum_there("release"), passing.deal.book.balance("CNY")) == (9_500, 500)
    assert passing.agrees()


def test_every_line_of_the_statement_finds_what_was_passed_on_and_taken_back(passing: Passing):
    gateway = passing.deal.gateway
    assert isinstance(gateway, GivesStatements)
    order = passing.order()
    passing.released(order)
    late_refunds.refund_released(
        order_id=order.pk, amount_minor=4_000, actor=SYSTEM, reason="a part was broken", now=clock.now()
    )
    settle()
    assert Reversal.objects.get().status == "done"
    day = datetime.now(ZoneInfo(passing.deal.partner.zone)).date()
    file = statement_files.keep(
        gateway=passing.name, day=day, statement=gateway.statement(day=day), handed_in_by=None, currency="",
        now=clock.now(),
    )  # fmt: skip
    flow.take_in(file_id=file.pk, actor=SYSTEM, now=clock.now())
    lines = StatementLine.objects.exclude(kind="fee").values_list("kind", "gross_minor", "status")
    assert sorted(lines) == [
        ("payment", 12_800, "matched"), ("payout", -NET, "matched"), ("payout", 3_800, "matched"),
        ("refund", -4_000, "matched"),
    ]  # fmt: skip
    assert StatementLine.objects.values("transfer_id").distinct().count() == 4
    assert not Ticket.objects.exists()


def test_the_proof_of_custody_counts_right_at_every_step(passing: Passing):
    """Owed and there: all of it, then what is on its way, then our fee alone."""

    def proof() -> tuple[int, int, int, int]:
        custody.prove(now=clock.now())
        (row,) = custody.newest()
        (lies,) = row.balances
        assert lies["source"] in ("provider", "books")
        return row.held_minor, row.owed["merchants"], row.owed["payouts"], lies["minor"]

    order = passing.order()
    assert proof() == (12_800, 0, 0, 12_800)
    passing.confirmed(order)
    assert proof() == (0, NET, 0, 12_800)
    passing_on.pass_on(hold_id=Hold.objects.get().pk, actor=SYSTEM, now=clock.now())
    assert proof() == (0, 0, NET, 12_800)
    settle()
    assert proof() == (0, 0, 0, FEE)


def test_what_is_left_frozen_comes_free_when_all_of_a_payment_is_over(passing: Passing):
    """At WeChat Pay alone: our fee, and what is paid out. Not while something is still to be passed on."""
    if passing.name != "wechatpay":
        passing.released(passing.order())
        assert not Deadline.objects.filter(kind="payment.unfreeze").exists()
        return
    settled = passing.order()
    held = passing.order()
    passing.confirmed(settled)
    settle()
    reference = {order.pk: Payment.objects.get(orders=order).reference for order in (settled, held)}
    assert passing.deal.gateway.still_frozen(reference=reference[settled.pk]).minor == FEE
    passing.deal.bad("unfreeze", "lose")
    wait(minutes=6)
    wait(minutes=6)
    assert passing.deal.gateway.still_frozen(reference=reference[settled.pk]).minor == 0
    assert passing.deal.gateway.still_frozen(reference=reference[held.pk]).minor == 12_800
    assert Payment.objects.get(orders=settled).unfrozen_at is not None
    assert Payment.objects.get(orders=held).unfrozen_at is None
    assert not Deadline.objects.filter(kind="payment.unfreeze", done_at=None).exists()
    assert passing.agrees()


def disputed(passing: Passing, order, minor: int = 12_800):
    if passing.name not in HERE:
        pytest.fail("this provider tells of no disputes")
    row = passing.deal.book.open_dispute(passing.charge_of(order).ref, minor=minor)
    chargebacks.dispute_changed(gateway=passing.name, ref=row.ref, now=clock.now())
    return row


only_stripe = pytest.mark.parametrize("passing", ["stripe"], indirect=True)


@only_stripe
def test_what_a_chargeback_takes_is_taken_back_from_him(passing: Passing):
    order = passing.order()
    passing.released(order)
    row = disputed(passing, order)
    assert passing.owes(order) == NET
    settle()
    reversal = Reversal.objects.get()
    assert (reversal.status, reversal.amount_minor, passing.sum_there("reversal")) == ("done", NET, NET)
    assert (passing.owes(order), passing.his(order)) == (0, 0)
    assert passing.agrees()
    passing.deal.book.decide_dispute(row.ref, "won")
    chargebacks.dispute_changed(gateway=passing.name, ref=row.ref, now=clock.now())
    assert (passing.owes(order), passing.his(order)) == (0, NET), "won: it is his again"
    wait(hours=30)
    assert passing.sum_there("release") == 2 * NET
    assert passing.agrees()


@only_stripe
def test_a_chargeback_before_it_leaves_keeps_it_here(passing: Passing):
    order = passing.order()
    hold = passing.confirmed(order)
    passing_on.pass_on(hold_id=hold.pk, actor=SYSTEM, now=clock.now())
    disputed(passing, order)
    settle()
    wait(hours=3)
    assert Payout.objects.get().status == "failed"
    assert (passing.sum_there("release"), passing.owes(order), passing.his(order)) == (0, 0, 0)
    assert not Reversal.objects.exists()
    assert passing.agrees()


@only_stripe
def test_a_chargeback_while_its_outcome_is_unknown_is_taken_back_once_it_is_known(passing: Passing):
    order = passing.order()
    passing.deal.bad("release", "lose")
    payout = passing.released(order)
    assert payout.status == "sent"
    disputed(passing, order)
    settle()
    wait(hours=2)
    payout.refresh_from_db()
    assert (payout.status, Reversal.objects.get().status) == ("paid", "done")
    assert (passing.sum_there("release"), passing.sum_there("reversal"), passing.owes(order)) == (NET, NET, 0)
    assert passing.agrees()
    assert Chargeback.objects.get().status == "open"
