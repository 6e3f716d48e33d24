"""
A proof that falls short, payouts on their way out, and people at the switch, all at one moment.

Each test has been seen to fail with its guard taken away; its docstring says which.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from core import clock
from core.models import OutboxEvent
from escrow.gateways import use
from escrow.models import CustodyProof, Payout, PayoutStop
from escrow.records import custody
from escrow.services import custody_guard, payout_sending, payout_stop, payouts
from escrow.states import PayoutStatus
from tests.escrow.test_custody_stop import Bank
from tests.races.test_payout_races import earned, prepare, staff
from tests.together import at_once, books_agree, winners

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.money]


@pytest.fixture
def bank() -> Iterator[Bank]:
    """Nothing lies there, and nothing is owed yet."""
    bank = Bank(0)
    with use("sandbox", bank):
        yield bank


def prove(**later: int) -> None:
    custody_guard.prove(now=clock.now() + timedelta(**later))


def short_twice() -> None:
    """Money of a store that has nowhere to go is not there; two proofs say so."""
    prove()
    prove(minutes=61)


def test_a_proof_that_stops_while_a_payout_is_leaving(bank, monkeypatch):
    """Seen red on PostgreSQL without the wait in ``stop_payouts``: it was marked as sent after the proof was judged."""
    payout = prepare(earned())
    assert payout is not None
    earned()  # stays on the balance of its store: what is missing
    prove()
    look, looked, left_at_stop = payout_sending.stop_in_force, threading.Event(), []

    def slowly():
        found = look()
        looked.set()
        time.sleep(1.5)
        return found

    monkeypatch.setattr(payout_sending, "stop_in_force", slowly)

    def judge() -> None:
        looked.wait(30)
        prove(minutes=61)
        left_at_stop.append(Payout.objects.filter(status=PayoutStatus.PREPARED).count())

    at_once([judge, lambda: payouts.send_payout(payout_id=payout.pk, now=clock.now())])
    assert left_at_stop == [Payout.objects.filter(status=PayoutStatus.PREPARED).count()]
    assert PayoutStop.objects.get().cause == "custody"
    books_agree()


def test_proofs_and_payouts_at_once(bank):
    """What has left by the time the proof is judged has left once; the rest waits, and leaves once it is lifted."""
    for turn in range(4):
        rows = [prepare(earned()) for _ in range(4)]
        earned()
        prove(minutes=200 * turn)
        sends = [lambda payout=row: payouts.send_payout(payout_id=payout.pk, now=clock.now()) for row in rows if row]
        assert len(winners(at_once([lambda turn=turn: prove(minutes=200 * turn + 61), *sends]))) == 5
        assert PayoutStop.objects.filter(in_force=True, cause="custody").count() == 1
        bank.minor = 10**9
        prove(minutes=200 * turn + 122)
        bank.minor = 0
        payout_stop.lift_stop(actor=staff(), now=clock.now())
        for row in Payout.objects.exclude(status=PayoutStatus.PAID):
            payouts.send_payout(payout_id=row.pk, now=clock.now())
    assert Counter(key for act, key in bank.calls if act == "payout").most_common(1)[0][1] == 1
    assert Payout.objects.filter(status=PayoutStatus.PAID).count() == 16
    books_agree()


def test_a_proof_that_covers_is_not_written_while_a_short_one_is_acted_upon(bank, monkeypatch):
    """Seen red on PostgreSQL without ``custody.alone`` in ``watch``: payouts were stopped for what was there again."""
    earned()
    prove()
    stop, begun, covered_then = custody_guard.stop_payouts, threading.Event(), []

    def slowly(**given):
        begun.set()
        time.sleep(1)
        covered_then.append(CustodyProof.objects.latest("pk").is_covered)
        return stop(**given)

    monkeypatch.setattr(custody_guard, "stop_payouts", slowly)

    def cover() -> None:
        begun.wait(30)
        bank.minor = 10_000
        prove(minutes=122)

    at_once([lambda: prove(minutes=61), cover])
    assert covered_then[0] is False
    assert CustodyProof.objects.latest("pk").is_covered


def test_ten_judge_one_shortage(bank):
    """
    Seen red on PostgreSQL without ``custody.alone`` in ``watch`` and the row's lock in ``stop_payouts``, each of which
    is enough: staff were called ten times for what had grown once.
    """
    for called in (1, 2):
        earned()
        custody.prove(now=clock.now())
        later = clock.now() + timedelta(hours=3)
        at_once([lambda later=later: custody_guard.watch(now=later)] * 10)
        assert PayoutStop.objects.count() == 1
        assert OutboxEvent.objects.filter(name="escrow.custody_short").count() == called


def test_agreed_and_refused_at_once_is_one_of_both(bank):
    """Seen red on PostgreSQL without the row's lock in ``_locked``: a refusal threw a lifted switch again."""
    earned()
    short_twice()
    payout_stop.ask_to_lift(reason="race", actor=staff(), now=clock.now())
    agrees = [lambda: payout_stop.agree_to_lift(actor=staff(), now=clock.now())] * 4
    refuses = [lambda: payout_stop.refuse_to_lift(actor=staff(), now=clock.now())] * 4
    results = at_once([act for pair in zip(agrees, refuses, strict=True) for act in pair])
    assert len(winners(results)) == 1
    stop = PayoutStop.objects.get()
    assert stop.in_force == (stop.lift_asked_by is None)
