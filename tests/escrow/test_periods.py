"""Statements: opening + movements = closing whatever has moved, days add up to their month, and nothing is left out."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clock
from core.actor import SYSTEM
from core.money import Money
from escrow import ledger, queries
from escrow.ledger import Entry
from escrow.models import Account, Transfer, TransferKind
from escrow.queries import periods
from escrow.queries.whole import every_line, one_moment
from escrow.services import holds, payouts
from tests.factories.escrow import OrderFactory, held, payout_account
from tests.factories.shop import StoreFactory

pytestmark = [pytest.mark.django_db, pytest.mark.money]
K = TransferKind
FIRST, END = date(2026, 1, 1), date(2026, 4, 1)
START = datetime(2026, 1, 1, tzinfo=timezone.get_default_timezone())
# Everything that may touch a merchant's balance, with the side it is on, and the fee, which never does.
INTO = (
    K.RELEASE_NET, K.FEE_BACK, K.PAYOUT_FAILED, K.PAYOUT_RETURNED, K.PASSED_BACK, K.CREDIT_REFUND, K.CHARGEBACK_WON,
)  # fmt: skip
OUT = (K.PAYOUT_SENT, K.LATE_REFUND, K.CHARGEBACK, K.RECOVERED)
moves = st.lists(
    st.tuples(
        st.sampled_from([*INTO, *OUT, K.ADJUST, K.RELEASE_FEE]),
        st.integers(1, 10**9),
        st.integers(0, 90 * 24 * 60 - 1),
        st.booleans(),
    ),
    max_size=25,
)  # fmt: skip


def book(hold, found) -> None:
    mine, other, fees = ledger.accounts(f"merchant:{hold.store_id}:CNY", "escrow:CNY", "fees:CNY")
    Account.objects.filter(pk=mine.pk).update(floor=-(10**15))
    for leg, (kind, amount, minute, is_in) in enumerate(sorted(found, key=lambda move: move[2])):
        at = START + timedelta(minutes=minute)
        debit, credit = (other, mine) if kind in INTO or (kind == K.ADJUST and is_in) else (mine, other)
        if kind == K.RELEASE_FEE:
            debit, credit = other, fees
        ledger.post([Entry(kind, hold.pk, debit, credit, amount, leg=leg + 1)], now=at)


def columns(period):
    return [period.released, period.fees, period.refunds, period.other, period.paid_out]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves)
def test_every_statement_adds_up_whatever_has_moved(found):
    with transaction.atomic():
        hold = held(1_000)
        book(hold, found)
        store = hold.store_id
        days = periods.days_of(store, "CNY", first=FIRST, end=END)
        months = periods.months_of(store, "CNY", first=FIRST, end=END)
        assert (len(days), len(months)) == (90, 3)
        for read in (days, months):
            assert read[0].opening == Money(0)
            for before, after in pairwise(read):
                assert before.closing == after.opening
            for one in read:
                assert one.opening + sum(columns(one), Money(0)) == one.closing
            balance = Account.objects.filter(key=f"merchant:{store}:CNY").values_list("balance", flat=True)
            assert read[-1].closing.minor == balance.get()
        for month in months:
            inside = [day for day in days if month.first <= day.first < month.end]
            for at, part in enumerate(columns(month)):
                assert sum((columns(day)[at] for day in inside), Money(0)) == part
            assert (inside[0].opening, inside[-1].closing) == (month.opening, month.closing)
        assert counted(found) == sum_of(months)
        transaction.set_rollback(True)


def counted(found) -> Counter[str]:
    """An independent count of the same movements, one by one."""
    sums: Counter[str] = Counter()
    names = {K.RELEASE_NET: "released", K.FEE_BACK: "fees", K.LATE_REFUND: "refunds"}
    for kind, amount, _minute, is_in in found:
        if kind == K.RELEASE_FEE:
            sums["released"] += amount
            sums["fees"] -= amount
            continue
        sign = 1 if kind in INTO or (kind == K.ADJUST and is_in) else -1
        is_payout = kind in (K.PAYOUT_SENT, K.PAYOUT_FAILED, K.PAYOUT_RETURNED, K.PASSED_BACK)
        sums["paid_out" if is_payout else names.get(kind, "other")] += sign * amount
    return Counter({name: minor for name, minor in sums.items() if minor})


def sum_of(months) -> Counter[str]:
    sums: Counter[str] = Counter()
    for month in months:
        for name in ("released", "fees", "refunds", "other", "paid_out"):
            sums[name] += getattr(month, name).minor
    return Counter({name: minor for name, minor in sums.items() if minor})


@pytest.fixture
def store():
    """Three releases of 100, one of them split, and a payout, over two months."""
    store = StoreFactory()
    payout_account(store.pk)
    for at, refunded in ((START, 0), (START + timedelta(days=3), 4_000), (START + timedelta(days=40), 0)):
        with clock.at(at):
            hold = held(order=OrderFactory(store=store, items_minor=10_000))
            if refunded:
                holds.split(
                    order_id=hold.order_id, refund_minor=refunded, actor=SYSTEM, reason="ruling", now=clock.now()
                )
            else:
                holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    with clock.at(START + timedelta(days=35)):
        payouts.prepare_payout(store_id=store.pk, actor=SYSTEM, now=clock.now())
    return store


def test_a_release_is_shown_before_its_fee_and_a_payout_as_what_left(store):
    january, february, march = periods.months_of(store.pk, "CNY", first=FIRST, end=END)
    read = [[part.minor for part in (one.opening, *columns(one), one.closing)] for one in (january, february, march)]
    assert read[0] == [0, 16_000, -800, 0, 0, 0, 15_200]
    assert read[1][0] == 15_200
    assert read[1][1:3] == [10_000, -500]
    assert read[1][-1] == read[2][0] == read[2][-1]
    assert january.code == "2026-01"
    assert periods.first_day(store.pk, "CNY") == FIRST
    assert not march.moved


def test_a_period_and_its_lines_are_the_same(store):
    for one in periods.days_of(store.pk, "CNY", first=FIRST, end=END):
        lines = list(queries.merchant_lines(store.pk, since=one.first, until=one.last))
        assert one.opening + sum((line.amount for line in lines), Money(0)) == one.closing
        if lines:
            assert lines[0].balance == one.closing


def test_many_periods_take_five_queries(store, django_assert_num_queries):
    with django_assert_num_queries(6):
        periods.days_of(store.pk, "CNY", first=FIRST, end=END)


def test_a_store_without_money_has_empty_statements():
    other = StoreFactory()
    (month,) = periods.months_of(other.pk, "CNY", first=FIRST, end=date(2026, 2, 1))
    assert (month.opening, month.closing, month.moved) == (Money(0), Money(0), False)
    assert periods.first_day(other.pk, "CNY") is None
    assert periods.currencies_of(other.pk) == []


@pytest.mark.parametrize(
    "code", ["", "x", "2026", "2026-13", "2026-02-30", "1999-01", "2101-01-01", "2026-1", "20260101", "２０２６-01"]
)
def test_what_is_no_period_is_none(code):
    assert periods.read_period(code) is None


def test_a_period_is_read_from_its_code():
    assert periods.read_period("2026-12") == (date(2026, 12, 1), date(2027, 1, 1))
    assert periods.read_period("2026-02-28") == (date(2026, 2, 28), date(2026, 3, 1))


# --- the whole account ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", [1, 2, 3, 1000])
def test_the_whole_account_in_pieces_is_the_account(store, piece):
    book(held(order=OrderFactory(store=store)), [])
    number = Transfer.objects.count()
    for asked in ({}, {"kind": "payout"}, {"until": date(2026, 1, 31)}, {"min_minor": 6_000}, {"kind": "nothing"}):
        lines = queries.merchant_lines(store.pk, **asked)
        with one_moment():
            assert list(every_line(lines, piece=piece)) == list(lines)
    assert Transfer.objects.count() == number
    assert list(every_line(queries.merchant_lines(StoreFactory().pk))) == []


def test_a_movement_in_the_middle_of_reading_changes_nothing(store):
    """Red when each piece asks for today's balance: what arrives meanwhile would shift all older balances."""
    lines = queries.merchant_lines(store.pk)
    before, reading = list(lines), every_line(lines, piece=1)
    found = [next(reading)]
    hold = held(order=OrderFactory(store=store, items_minor=700))
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    assert [*found, *reading] == before
