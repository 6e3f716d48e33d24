"""
Many at one moment on the same payout: it leaves once, is decided once, comes back once, and a stop is a stop.

Each test has been seen to fail with its guard taken away; its docstring says which.
"""

from __future__ import annotations

from uuid import uuid4

import pytest

from core import clock
from core.actor import SYSTEM, Actor
from escrow import ledger
from escrow.gateways import use
from escrow.ledger import Entry, account, balance
from escrow.models import Account, Hold, Payout, PayoutAccount, PayoutStop, Recovery, Transfer, TransferKind
from escrow.services import holds, late_refunds, payout_stop, payouts
from escrow.services.payout_accounts import set_payout_account
from escrow.services.terms import set_terms
from escrow.states import PayoutStatus
from tests.factories.escrow import OrderFactory, ScriptedGateway, held, payout_account
from tests.factories.shop import StoreFactory
from tests.together import at_once, books_agree, winners

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.money]


def staff() -> Actor:
    return Actor(user_id=uuid4(), is_mediator=True)


def earned(minor: int = 10_000) -> Hold:
    hold = held(minor)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(hold.store_id)
    return hold


def prepare(hold: Hold) -> Payout | None:
    return payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())


def in_debt() -> Hold:
    """A store that owes 38.00 for a refund after its payout, and has 95.00 on its balance again."""
    hold = earned()
    prepare(hold)
    late_refunds.refund_released(
        order_id=hold.order_id, amount_minor=4_000, actor=SYSTEM, reason="broken", now=clock.now()
    )
    second = held(order=OrderFactory(items_minor=10_000, store=hold.order.store))
    holds.release(order_id=second.order_id, actor=SYSTEM, reason="received", now=clock.now())
    return hold


def test_a_debt_is_netted_once_by_twenty():
    """Seen red on PostgreSQL without the lock on the balance's row and the floor under it: twenty payouts."""
    hold = in_debt()
    results = at_once([lambda: prepare(hold) for _ in range(20)])
    assert sum(isinstance(result, Payout) for result in results) == 1
    assert Recovery.objects.get().amount_minor == 3_800
    assert [row.amount_minor for row in Payout.objects.order_by("pk")] == [9_500, 5_700]
    assert balance(account(f"receivable:{hold.store_id}:CNY")) == 0
    books_agree()


def test_one_payout_sent_by_ten_leaves_and_arrives_once():
    """Seen red on PostgreSQL without the row's lock in ``_take`` together with compare-and-set in ``advance``."""
    payout = prepare(earned())
    assert payout is not None
    bank = ScriptedGateway()
    with use("sandbox", bank):
        at_once([lambda: payouts.send_payout(payout_id=payout.pk, now=clock.now()) for _ in range(10)])
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PAID
    assert {key for act, key in bank.calls if act == "payout"} == {f"payout:{payout.pk}"}
    assert bank.moved == 9_500
    assert Transfer.objects.filter(kind=TransferKind.PAYOUT_DONE).count() == 1
    books_agree()


def test_it_comes_back_once_whoever_hears_of_it():
    """Seen red on both databases without compare-and-set in ``core.transitions.advance``; the ledger's key refused."""
    hold = earned()
    payout, bank = prepare(hold), ScriptedGateway()
    assert payout is not None
    with use("sandbox", bank):
        payouts.send_payout(payout_id=payout.pk, now=clock.now())
        bank.sent_back[f"payout:{payout.pk}"] = "account closed"
        results = at_once([lambda: payouts.watch_payout(payout_id=payout.pk, now=clock.now()) for _ in range(10)])
    assert len(winners(results)) == 10
    assert balance(hold.merchant) == 9_500
    assert Transfer.objects.filter(kind=TransferKind.PAYOUT_RETURNED).count() == 1
    books_agree()


def test_approved_and_refused_at_once_is_one_of_both(settings):
    """Seen red on PostgreSQL without the row's lock and compare-and-set: six of ten had their way."""
    settings.PAYOUT_APPROVAL_MINOR = 1
    hold = earned()
    payout = prepare(hold)
    assert payout is not None

    def approve() -> Payout:
        return payouts.approve_payout(payout_id=payout.pk, actor=staff(), now=clock.now())

    def refuse() -> Payout:
        return payouts.refuse_payout(payout_id=payout.pk, reason="no", actor=staff(), now=clock.now())

    results = at_once([approve, refuse] * 5)
    assert len(winners(results)) == 1
    payout.refresh_from_db()
    back = balance(hold.merchant)
    assert (payout.status, back) in ((PayoutStatus.PREPARED, 0), (PayoutStatus.FAILED, 9_500))
    books_agree()


def test_after_the_stop_nothing_leaves():
    """
    Seen red on PostgreSQL without the row's lock in ``_take`` or without the wait in ``stop_payouts``: a payout that
    had looked for the stop before it was thrown was marked as sent after it had returned.
    """
    for _ in range(6):
        rows = [prepare(earned()) for _ in range(4)]
        bank, left_at_stop = ScriptedGateway(), []

        def stop(left_at_stop: list[int] = left_at_stop) -> None:
            payout_stop.stop_payouts(reason="race", actor=staff(), now=clock.now())
            left_at_stop.append(Payout.objects.filter(status=PayoutStatus.PREPARED).count())

        with use("sandbox", bank):
            sends = [
                lambda payout=row: payouts.send_payout(payout_id=payout.pk, now=clock.now()) for row in rows if row
            ]
            at_once([stop, *sends])
        waiting = Payout.objects.filter(status=PayoutStatus.PREPARED).count()
        assert left_at_stop == [waiting], "one left after the switch was thrown"
        payout_stop.lift_stop(actor=staff(), now=clock.now())
        with use("sandbox", bank):
            for row in Payout.objects.exclude(status=PayoutStatus.PAID):
                payouts.send_payout(payout_id=row.pk, now=clock.now())
    books_agree()


def test_ten_throw_one_switch():
    """Seen red on PostgreSQL without the unique constraint on a stop in force: ten of them."""
    stops = at_once([lambda: payout_stop.stop_payouts(reason="race", actor=staff(), now=clock.now())] * 10)
    assert len({stop.pk for stop in winners(stops) if isinstance(stop, PayoutStop)}) == 1
    lifts = at_once([lambda: payout_stop.lift_stop(actor=staff(), now=clock.now())] * 10)
    assert len(winners(lifts)) == 1
    assert not PayoutStop.objects.filter(in_force=True).exists()


def test_terms_and_a_refund_at_once_never_leave_a_balance_below_its_floor():
    """
    Seen red on PostgreSQL without the lock on the account's row: the floor was raised above a balance that refunds had
    lowered since it was read, and only the CHECK stopped it, as a crash instead of a refusal.
    """
    hold = earned()
    prepare(hold)
    terms = {"store_id": hold.store_id, "currency": "CNY", "reserve_bps": 0, "reserve_days": 0, "reason": "race"}
    set_terms(credit_line_minor=5_000, actor=staff(), now=clock.now(), **terms)
    flight = account("refund_in_flight:sandbox:CNY")

    def take(ref: int) -> int:
        return ledger.post([Entry(TransferKind.LATE_REFUND, ref, hold.merchant, flight, 1_000)], now=clock.now())

    def tighten() -> object:
        return set_terms(credit_line_minor=2_000, actor=staff(), now=clock.now(), **terms)

    at_once([*(lambda ref=ref: take(ref) for ref in range(1, 6)), tighten])
    row = Account.objects.get(pk=hold.merchant_id)
    assert row.floor is not None
    assert row.balance >= row.floor


def test_of_many_who_change_the_account_at_once_each_changes_it_or_is_told():
    """Seen red on PostgreSQL without the guard: a crash at the constraint of one active account."""
    store = StoreFactory()
    given = {"store_id": store.pk, "bank": "ICBC", "holder": "Lin", "actor": Actor(user_id=store.owner_id)}
    for _ in range(3):
        results = at_once(
            [lambda n=n: set_payout_account(number=f"622202020000{n:04d}", now=clock.now(), **given) for n in range(8)]
        )
        assert winners(results)
        assert PayoutAccount.objects.filter(store_id=store.pk, is_active=True).count() == 1
