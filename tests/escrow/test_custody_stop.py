"""Money that is missing at the providers stops payouts by itself, and two people are needed to let them go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Notice, OutgoingMessage, User
from accounts.services.step_up import staff_money
from core import clock, outbox
from core.actor import SYSTEM, Actor
from core.errors import Forbidden
from core.models import AuditEntry
from core.money import Money
from escrow import errors, tasks
from escrow.gateways import use
from escrow.gateways.base import Balance, Unavailable
from escrow.models import CustodyProof, Payout, PayoutStop
from escrow.queries import books, stop_in_force
from escrow.queries.custody import shortages
from escrow.services import custody_guard, holds, payout_stop, payouts
from escrow.states import PayoutStatus, StopCause
from tests.accounts.proofs import prove_me
from tests.factories.accounts import MediatorFactory
from tests.factories.escrow import OrderFactory, ScriptedGateway, held, payout_account

pytestmark = [pytest.mark.django_db, pytest.mark.money]
ONE, TWO = (Actor(user_id=uuid4(), is_mediator=True) for _ in range(2))
PAGE = "console:payouts"


class Bank(ScriptedGateway):
    """A provider that says what lies there, which may be less than it should."""

    def __init__(self, minor: int, *answers: object) -> None:
        super().__init__(*answers)  # type: ignore[arg-type]
        self.minor = minor

    def balance(self, *, currency: str) -> Balance:
        return Balance(amount=Money(self.minor, currency), at=clock.now(), source="provider")


@pytest.fixture
def bank() -> Iterator[Bank]:
    """100.00 are held and 95.00 belong to a store, whose payout is prepared; all of it lies there."""
    bank = Bank(20_000)
    with use("sandbox", bank):
        yield bank


@pytest.fixture
def payout(bank: Bank) -> Payout:
    hold = held(10_000)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(hold.store_id)
    found = payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    assert found is not None
    held(order=OrderFactory(items_minor=10_000))  # what must be there: 100.00
    return found


def prove(**later: int) -> PayoutStop | None:
    custody_guard.prove(now=clock.now() + timedelta(**later))
    return stop_in_force()


def go_short(bank: Bank, minor: int = 9_000) -> PayoutStop:
    bank.minor = minor
    prove()
    stop = prove(minutes=61)
    assert stop is not None
    return stop


def lift(actor: Actor = ONE) -> PayoutStop:
    return payout_stop.lift_stop(actor=actor, now=clock.now())


def ask(actor: Actor = ONE, reason: str = "The bank confirms a late booking") -> PayoutStop:
    return payout_stop.ask_to_lift(reason=reason, actor=actor, now=clock.now())


def agree(actor: Actor = TWO) -> PayoutStop:
    return payout_stop.agree_to_lift(actor=actor, now=clock.now())


def send(payout: Payout) -> str:
    payouts.send_payout(payout_id=payout.pk, now=clock.now())
    payout.refresh_from_db()
    return payout.status


def told(kind: str) -> list[str]:
    outbox.drain()
    return list(Notice.objects.filter(kind=kind).order_by("created_at").values_list("body", flat=True))


# --- when it stops ----------------------------------------------------------------------------------------------------


def test_covered_custody_stops_nothing(bank, payout):
    tasks.prove_custody()
    assert CustodyProof.objects.get().is_covered
    assert stop_in_force() is None
    assert send(payout) == PayoutStatus.PAID


def test_one_short_proof_is_a_late_statement_and_stops_nothing(bank, payout):
    bank.minor = 9_000
    assert prove() is None
    assert [one.lasts for one in shortages(clock.now())] == [False]
    bank.minor = 10_000
    assert prove(minutes=61) is None
    bank.minor = 9_000
    assert prove(minutes=122) is None, "the two short ones were not in a row"


def test_two_short_proofs_in_a_row_stop_payouts(bank, payout):
    staff = MediatorFactory()
    stop = go_short(bank)
    assert (stop.cause, stop.by, stop.short) == (StopCause.CUSTODY, None, {"CNY": 1_000})
    assert "CNY 10.00" in stop.reason
    assert send(payout) == PayoutStatus.PREPARED
    assert bank.calls == []
    assert "¥10.00" in told("escrow.custody_short")[0]
    assert OutgoingMessage.objects.filter(channel="email", to=staff.email).exists()
    entry = AuditEntry.objects.get(act="payouts.stopped")
    assert (entry.user_id, entry.reason, entry.facts["cause"]) == (None, stop.reason, "custody")
    assert entry.facts["held"] == 1
    assert books().discrepancies == []


def test_one_short_proof_that_grows_old_stops_payouts_too(bank, payout, settings):
    """As when no newer proof can be made any more."""
    bank.minor = 9_000
    now = clock.now()
    custody_guard.prove(now=now)
    assert custody_guard.watch(now=now + timedelta(minutes=120)) is None
    settings.SIGNING_KEY = ""
    custody_guard.prove(now=now + timedelta(minutes=121))
    assert stop_in_force().cause == StopCause.CUSTODY  # type: ignore[union-attr]


def test_what_falls_short_is_judged_though_the_next_proof_fails(bank, payout, monkeypatch):
    bank.minor = 9_000
    now = clock.now()
    custody_guard.prove(now=now)
    monkeypatch.setattr("escrow.records.custody._balances", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        custody_guard.prove(now=now + timedelta(hours=3))
    assert stop_in_force() is not None


def test_a_shortage_that_stays_calls_once_and_one_that_grows_calls_again(bank, payout):
    MediatorFactory()
    stop = go_short(bank)
    prove(minutes=122)
    assert len(told("escrow.custody_short")) == 1
    bank.minor = 8_000
    again = prove(minutes=123)
    assert (again, PayoutStop.objects.count()) == (stop, 1)
    assert again.short == {"CNY": 2_000}  # type: ignore[union-attr]
    assert "¥20.00" in told("escrow.custody_short")[1]


def test_a_payout_in_flight_is_only_asked_after(bank, payout):
    bank.answers.extend([Unavailable(), "lose"])
    assert send(payout) == PayoutStatus.SENT
    go_short(bank)
    send(payout)
    assert [act for act, _ in bank.calls] == ["payout", "query_payout"], "not asked for again"
    bank.done[f"payout:{payout.pk}"] = payout.amount  # the first call had come through after all
    assert send(payout) == PayoutStatus.PAID
    assert books().discrepancies == []


# --- which stop counts ------------------------------------------------------------------------------------------------


def test_a_persons_stop_becomes_that_of_the_shortage_and_clean_books_alone_lift_that_of_the_books(bank, payout):
    by_hand = payout_stop.stop_payouts(reason="the bank called", actor=ONE, now=clock.now())
    stop = go_short(bank)
    assert (stop.cause, stop.pk == by_hand.pk) == (StopCause.CUSTODY, False)
    broken = payout_stop.stop_payouts(
        reason="The books do not agree", actor=SYSTEM, now=clock.now(), cause=StopCause.BOOKS
    )
    assert stop_in_force() == broken
    assert prove(minutes=122) == broken, "a shortage does not take the place of broken books"
    assert payout_stop.stop_payouts(reason="me too", actor=ONE, now=clock.now()) == broken
    with pytest.raises(errors.CustodyShort):
        lift()
    assert PayoutStop.objects.filter(in_force=True).count() == 1


# --- lifting ----------------------------------------------------------------------------------------------------------


def test_while_it_is_short_nobody_lifts_it_alone(bank, payout):
    stop = go_short(bank)
    with pytest.raises(errors.CustodyShort):
        lift()
    with pytest.raises(errors.NeedsReason):
        ask(reason=" ")
    with pytest.raises(errors.LiftNotAsked):
        agree()
    ask()
    with pytest.raises(errors.LiftNeedsAnother):
        agree(ONE)
    with pytest.raises(errors.LiftAsked):
        ask(TWO)
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutStop.objects.filter(pk=stop.pk).update(in_force=False, lifted_by=ONE.user_id)
    assert stop_in_force() == stop
    assert send(payout) == PayoutStatus.PREPARED


@pytest.mark.parametrize("who", [SYSTEM, Actor(user_id=uuid4())], ids=["nobody", "a stranger"])
@pytest.mark.parametrize("verb", [lift, ask, agree, lambda actor: payout_stop.refuse_to_lift(actor=actor, now=None)])
def test_only_staff_lift_ask_agree_and_refuse(bank, payout, who, verb):
    go_short(bank)
    with pytest.raises(Forbidden):
        verb(who)


def test_two_lift_it_with_a_reason_and_the_same_shortage_does_not_stop_again(bank, payout):
    MediatorFactory()
    go_short(bank)
    ask()
    assert "late booking" in told("escrow.lift_asked")[0]
    lifted = agree()
    assert (lifted.in_force, lifted.lift_asked_by, lifted.lifted_by) == (False, ONE.user_id, TWO.user_id)
    assert send(payout) == PayoutStatus.PAID
    entry = AuditEntry.objects.get(act="payouts.lifted")
    assert (entry.user_id, entry.reason) == (TWO.user_id, "The bank confirms a late booking")
    assert entry.facts == {"asked_by": str(ONE.user_id), "missing": {"CNY": 1_000}}
    bank.minor = 9_000  # the payout was paid out of what is not counted
    assert prove(minutes=122) is None
    assert prove(minutes=183) is None
    bank.minor = 8_999
    assert prove(minutes=184).short == {"CNY": 1_001}  # type: ignore[union-attr]


def test_what_was_let_pass_counts_no_more_once_it_was_covered(bank, payout):
    go_short(bank)
    ask()
    agree()
    bank.minor = 10_000
    assert prove(minutes=70) is None
    bank.minor = 9_500
    assert prove(minutes=80) is None
    assert prove(minutes=145).short == {"CNY": 500}  # type: ignore[union-attr]


def test_a_shortage_that_grows_while_somebody_asks_is_asked_for_anew(bank, payout):
    go_short(bank)
    ask()
    bank.minor = 8_000
    prove(minutes=70)
    with pytest.raises(errors.ShortageGrew):
        agree()
    ask(TWO, "still late")
    assert agree(ONE).tolerated == {"CNY": 2_000}


def test_a_refusal_leaves_the_switch_as_it_is(bank, payout):
    stop = go_short(bank)
    ask()
    payout_stop.refuse_to_lift(actor=TWO, now=clock.now())
    with pytest.raises(errors.LiftNotAsked):
        agree()
    assert stop_in_force() == stop
    assert AuditEntry.objects.get(act="payouts.lift_refused").facts == {"asked_by": str(ONE.user_id)}


def test_covered_again_staff_are_told_and_a_person_lifts_it(bank, payout):
    MediatorFactory()
    stop = go_short(bank)
    ask()
    bank.minor = 10_000
    assert prove(minutes=70) == stop, "not lifted by itself"
    prove(minutes=140)
    assert len(told("escrow.custody_covered")) == 1
    assert send(payout) == PayoutStatus.PREPARED
    with pytest.raises(errors.CustodyCovered):
        ask()
    lifted = lift()
    assert (lifted.lifted_by, lifted.lift_asked_by) == (ONE.user_id, None)
    assert send(payout) == PayoutStatus.PAID
    assert books().discrepancies == []


# --- the console ------------------------------------------------------------------------------------------------------


def client_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def test_staff_see_it_on_every_page_of_the_console_and_lift_it_there(bank, payout):
    one, two = (client_of(MediatorFactory()) for _ in range(2))
    assert "Custody is short" not in one.get(reverse("console:cases")).content.decode()
    go_short(bank)
    for name in ("console:home", "console:cases", "console:payments", PAGE, "console:health"):
        text = one.get(reverse(name)).content.decode()
        assert text.count("Custody is short of CNY 10.00") == 1, name
    prove_me(one, staff_money("lift"))
    assert one.post(reverse("console:payouts-lift")).status_code == 409
    prove_me(one, staff_money("lift.ask"))
    assert one.post(reverse("console:payouts-lift-ask"), {"reason": "late booking"}).status_code == 302
    assert "Another of the staff has to agree" in one.get(reverse(PAGE)).content.decode()
    text = two.get(reverse(PAGE)).content.decode()
    assert "late booking" in text
    assert "Agree: let payouts leave" in text
    prove_me(one, staff_money("lift.agree"))
    assert one.post(reverse("console:payouts-lift-agree")).status_code == 403
    prove_me(two, staff_money("lift.agree"))
    assert two.post(reverse("console:payouts-lift-agree")).status_code == 302
    assert stop_in_force() is None
    assert "Custody is short" not in one.get(reverse("console:cases")).content.decode()


def test_a_request_is_refused_on_the_page(bank, payout):
    one, two = (client_of(MediatorFactory()) for _ in range(2))
    go_short(bank)
    prove_me(one, staff_money("lift.ask"))
    one.post(reverse("console:payouts-lift-ask"), {"reason": "late booking"})
    assert two.post(reverse("console:payouts-lift-refuse")).status_code == 302
    assert "late booking" not in one.get(reverse(PAGE)).content.decode()
    assert stop_in_force() is not None
