"""The switch: while it is thrown nothing leaves; and the count of the books that throws it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Notice
from core import alarms, clock, outbox
from core.actor import SYSTEM, Actor
from core.append_only import unguard
from core.errors import Forbidden
from core.models import AuditEntry, Deadline
from escrow import tasks
from escrow.errors import BooksDisagree, NeedsReason, PayoutsRun
from escrow.gateways import use
from escrow.gateways.base import Unavailable
from escrow.models import Payout, PayoutStop
from escrow.queries import books, outlook, stop_in_force
from escrow.services import holds, payout_stop, payouts
from escrow.states import PayoutStatus
from tests.factories.accounts import MediatorFactory
from tests.factories.escrow import ScriptedGateway, held, payout_account
from tests.stories import wait

pytestmark = [pytest.mark.django_db, pytest.mark.money]
STAFF = Actor(user_id=uuid4(), is_mediator=True)


def prepared() -> Payout:
    hold = held(10_000)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(hold.store_id)
    payout = payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    assert payout is not None
    return payout


def send(payout: Payout, bank: ScriptedGateway) -> Payout:
    with use("sandbox", bank):
        payouts.send_payout(payout_id=payout.pk, now=clock.now())
    payout.refresh_from_db()
    return payout


def stop(actor: Actor = STAFF, reason: str = "the bank called") -> PayoutStop:
    return payout_stop.stop_payouts(reason=reason, actor=actor, now=clock.now())


def lift(actor: Actor = STAFF) -> PayoutStop:
    return payout_stop.lift_stop(actor=actor, now=clock.now())


def send_deadline(payout: Payout) -> Deadline:
    return Deadline.objects.get(kind="payout.send", subject=str(payout.pk), done_at__isnull=True)


def break_books() -> None:
    """What an owner of the database could do, with the triggers out of the way."""
    unguard(connection, "escrow_transfer")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE escrow_transfer SET amount = amount + 1 WHERE kind = 3")


def mend_books() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE escrow_transfer SET amount = amount - 1 WHERE kind = 3")


def test_nothing_leaves_while_it_is_thrown_and_all_when_it_is_lifted():
    payout, bank = prepared(), ScriptedGateway()
    thrown = stop()
    assert [alarm.name for alarm in alarms.ringing(clock.now()) if alarm.name.startswith("payouts")] == [
        "payouts.stopped"
    ]
    assert not [alarm for alarm in alarms.ringing(clock.now(), unready_only=True) if alarm.name == "payouts.stopped"]
    assert send(payout, bank).status == PayoutStatus.PREPARED
    assert bank.calls == []
    assert send_deadline(payout).due_at > clock.now(), "put off, not overdue"
    second = prepared()  # may be prepared, and waits
    assert send(second, bank).status == PayoutStatus.PREPARED
    assert outlook(second.store_id, clock.now()).why
    lifted = lift()
    assert (lifted.pk, lifted.in_force, lifted.lifted_by) == (thrown.pk, False, STAFF.user_id)
    assert stop_in_force() is None
    for one in (payout, second):
        assert send_deadline(one).due_at <= clock.now()
        assert send(one, bank).status == PayoutStatus.PAID
    assert [entry.act for entry in AuditEntry.objects.filter(subject_type="payout_stop").order_by("pk")] == [
        "payouts.stopped", "payouts.lifted",
    ]  # fmt: skip
    assert books().discrepancies == []


def test_what_the_bank_was_asked_for_is_only_asked_after():
    payout, bank = prepared(), ScriptedGateway(Unavailable(), "lose")
    assert send(payout, bank).status == PayoutStatus.SENT
    stop()
    send(payout, bank)
    send(payout, bank)
    assert [act for act, _ in bank.calls] == ["payout", "query_payout", "query_payout"], "not asked for again"
    bank.done[f"payout:{payout.pk}"] = payout.amount  # the first call had come through after all
    assert send(payout, bank).status == PayoutStatus.PAID
    assert books().discrepancies == []


def test_the_clock_wakes_what_waited():
    payout = prepared()
    stop()
    wait(hours=3)
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PREPARED
    lift()
    wait(minutes=1)
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PAID


def test_only_staff_throw_and_lift_it_and_say_why():
    with pytest.raises(Forbidden):
        stop(Actor(user_id=uuid4()))
    with pytest.raises(NeedsReason):
        stop(reason=" ")
    with pytest.raises(PayoutsRun):
        lift()
    assert not PayoutStop.objects.exists()
    first = stop()
    assert stop(reason="twice") == first
    with pytest.raises(Forbidden):
        lift(Actor(user_id=uuid4()))
    with pytest.raises(Forbidden):
        lift(SYSTEM)
    assert PayoutStop.objects.get().reason == "the bank called"


def test_clean_books_stop_nothing():
    prepared()
    tasks.audit_books()
    assert stop_in_force() is None
    call_command("ledger_audit")


def test_a_broken_row_stops_all_payouts_until_it_is_mended(capsys):
    staff = MediatorFactory()
    payout, bank = prepared(), ScriptedGateway()
    break_books()
    tasks.audit_books()
    thrown = stop_in_force()
    assert thrown is not None
    assert thrown.by is None
    assert "books do not agree" in thrown.reason
    assert send(payout, bank).status == PayoutStatus.PREPARED
    outbox.drain()
    assert "fees:CNY" in Notice.objects.get(user_id=staff.pk, kind="escrow.books_broken").body
    with pytest.raises(BooksDisagree):
        lift()
    assert stop_in_force() == thrown
    with pytest.raises(SystemExit) as end:
        call_command("ledger_audit")
    assert end.value.code == 1
    assert "fees:CNY" in capsys.readouterr().out
    assert PayoutStop.objects.count() == 1
    outbox.drain()
    assert Notice.objects.filter(user_id=staff.pk, kind="escrow.books_broken").count() == 2, "every count calls again"
    mend_books()
    lift()
    assert send(payout, bank).status == PayoutStatus.PAID
    assert bank.moved == 9_500


def test_a_stop_thrown_by_hand_becomes_the_alarms_when_the_books_are_found_broken():
    prepared()
    by_hand = stop()
    break_books()
    tasks.audit_books()
    thrown = stop_in_force()
    assert thrown is not None
    assert (thrown.by, thrown.pk == by_hand.pk) == (None, False)
    with pytest.raises(BooksDisagree):
        lift()


def test_the_count_is_planned_for_every_night(settings):
    planned = {row["task"] for row in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {"escrow.tasks.audit_books", "escrow.tasks.plan_payouts"} <= planned
