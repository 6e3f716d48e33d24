"""A hold goes in once and comes out once, to the minor unit, whoever asks and in whatever order."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from core import clock
from core.actor import SYSTEM
from core.errors import NotFound
from core.models import AuditEntry, Deadline
from escrow.errors import HoldMoved, TooMuch
from escrow.ledger import account, balance
from escrow.models import Hold, Refund, Transfer, TransferKind
from escrow.queries import books, hold_of
from escrow.services import holds
from escrow.states import HoldStatus
from tests.factories.escrow import OrderFactory, held

pytestmark = [pytest.mark.django_db, pytest.mark.money]


def release(hold):
    return holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())


def split(hold, minor):
    return holds.split(order_id=hold.order_id, refund_minor=minor, actor=SYSTEM, reason="ruling", now=clock.now())


def refund(hold):
    return holds.refund(order_id=hold.order_id, actor=SYSTEM, reason="cancelled", now=clock.now())


def freeze(hold):
    return holds.freeze(order_id=hold.order_id, actor=SYSTEM, reason="case", now=clock.now())


def thaw(hold):
    return holds.thaw(order_id=hold.order_id, actor=SYSTEM, reason="withdrawn", now=clock.now())


def agree():
    assert books().discrepancies == []


def test_money_goes_in():
    hold = held(12_800)
    assert hold_of(hold.order_id).status == HoldStatus.HELD
    assert balance(account("escrow:CNY")) == 12_800
    assert balance(account("provider:sandbox:CNY")) == -12_800
    assert hold.provider_deadline > clock.now()
    agree()


def test_an_order_has_one_hold():
    hold = held()
    with pytest.raises(HoldMoved):
        holds.open_hold(
            order_id=hold.order_id,
            payment_id=hold.payment_id,
            store_id=hold.store_id,
            amount=hold.amount,
            fee_bps=500,
            actor=SYSTEM,
            now=clock.now(),
        )
    agree()


def test_release_pays_the_merchant_less_the_fee():
    hold = held(12_800, fee_bps=500)
    done = release(hold)
    assert (done.net.minor, done.fee.minor) == (12_160, 640)
    assert balance(hold.merchant) == 12_160
    assert balance(account("fees:CNY")) == 640
    assert balance(account("escrow:CNY")) == 0
    entry = AuditEntry.objects.get(act="hold.released")
    assert entry.order_id == hold.order_id
    assert entry.facts["net_minor"] == 12_160
    agree()


@pytest.mark.parametrize(
    ("minor", "bps", "fee"), [(1, 500, 0), (10, 500, 0), (30, 500, 2), (50, 500, 2), (100, 0, 0), (7, 10_000, 7)]
)
def test_fees_are_rounded_half_to_even_and_legs_of_nothing_left_out(minor, bps, fee):
    hold = held(minor, fee_bps=bps)
    done = release(hold)
    assert (done.net.minor, done.fee.minor) == (minor - fee, fee)
    legs = Transfer.objects.filter(ref=hold.pk, kind__in=(TransferKind.RELEASE_NET, TransferKind.RELEASE_FEE))
    assert legs.count() == (1 if fee in (0, minor) else 2)
    agree()


@pytest.mark.parametrize("second", [release, refund, freeze, lambda hold: split(hold, 1)])
@pytest.mark.parametrize("first", [release, refund, lambda hold: split(hold, 5)])
def test_what_has_left_does_not_leave_again(first, second):
    hold = held(1000)
    first(hold)
    before = Transfer.objects.count()
    with pytest.raises(HoldMoved):
        second(hold)
    assert Transfer.objects.count() == before
    agree()


def test_frozen_money_is_not_released_but_may_be_ruled_on():
    hold = held(10_000)
    freeze(hold)
    with pytest.raises(HoldMoved):
        release(hold)
    assert (
        holds.release_many(order_ids=[hold.order_id], now=clock.now(), warned_before=clock.now() + timedelta(days=9))
        == set()
    )
    done = split(hold, 3_700)
    assert done.refund.amount_minor == 3_700
    assert (done.net.minor, done.fee.minor) == (5_985, 315)
    assert hold_of(hold.order_id).status == HoldStatus.SPLIT
    agree()


def test_thawed_money_is_held_as_before():
    hold = held()
    freeze(hold)
    with pytest.raises(HoldMoved):
        freeze(hold)
    thaw(hold)
    with pytest.raises(HoldMoved):
        thaw(hold)
    release(hold)
    agree()


@pytest.mark.parametrize(
    ("minor", "status"),
    [(0, HoldStatus.RELEASED), (1, HoldStatus.SPLIT), (999, HoldStatus.SPLIT), (1000, HoldStatus.REFUNDED)],
)
def test_a_split_is_exact(minor, status):
    hold = held(1000)
    done = split(hold, minor)
    back = done.refund.amount_minor if done.refund else 0
    assert back == minor
    assert back + done.net.minor + done.fee.minor == 1000
    assert hold_of(hold.order_id).status == status
    agree()


@pytest.mark.parametrize("minor", [-1, 1001])
def test_a_split_keeps_within_what_is_held(minor):
    hold = held(1000)
    with pytest.raises(TooMuch):
        split(hold, minor)
    assert hold_of(hold.order_id).status == HoldStatus.HELD
    agree()


def test_a_refund_is_an_intent_first():
    hold = held(1000)
    intent = refund(hold)
    assert intent.status == "pending"
    assert balance(account("refund_in_flight:sandbox:CNY")) == 1000
    assert Deadline.objects.filter(kind="refund.send", subject=str(intent.pk), done_at__isnull=True).exists()
    agree()


def test_no_hold_no_movement():
    with pytest.raises(NotFound):
        holds.release(order_id=uuid4(), actor=SYSTEM, reason="", now=clock.now())


def test_the_database_itself_refuses_to_overdraw_a_hold():
    hold = held(1000)
    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.filter(pk=hold.pk).update(released_minor=600, refunded_minor=600)


def test_release_by_the_clock_takes_all_that_may_and_nothing_else():
    ready = [held(minor, fee_bps=bps, warned=True) for minor, bps in ((12_800, 500), (1, 500), (30, 500), (50, 500),
                                                                     (7, 10_000), (99, 0), (12_345, 333))]  # fmt: skip
    same_store = held(order=OrderFactory(store=ready[0].order.store, items_minor=5_000), warned=True)
    unwarned, frozen, refunded = held(), held(warned=True), held(warned=True)
    freeze(frozen)
    refund(refunded)
    everything = [*ready, same_store, unwarned, frozen, refunded]
    now = clock.now()
    done = holds.release_many(
        order_ids=[hold.order_id for hold in everything], now=now, warned_before=now - timedelta(days=1)
    )
    assert done == {hold.order_id for hold in [*ready, same_store]}
    assert AuditEntry.objects.filter(act="hold.released").count() == len(done)
    assert balance(ready[0].merchant) == 12_160 + 4_750
    for hold in ready:
        hold.refresh_from_db()
        assert hold.status == HoldStatus.RELEASED
        assert hold.closed_at == now
    agree()
    again = holds.release_many(order_ids=list(done), now=now, warned_before=now)
    assert again == set()
    agree()


def test_release_by_the_clock_takes_the_same_fee_as_by_hand():
    for minor in (1, 29, 30, 31, 49, 50, 51, 70, 90, 110, 12_345, 99_999):
        by_hand, by_clock = held(minor, fee_bps=500), held(minor, fee_bps=500, warned=True)
        release(by_hand)
        holds.release_many(order_ids=[by_clock.order_id], now=clock.now(), warned_before=clock.now())
        assert hold_of(by_hand.order_id).fee_taken_minor == hold_of(by_clock.order_id).fee_taken_minor
    agree()


def test_release_of_nothing():
    assert holds.release_many(order_ids=[], now=clock.now(), warned_before=clock.now()) == set()


def test_refunds_know_their_order():
    hold = held()
    refund(hold)
    assert Refund.objects.get().order_id == hold.order_id
