"""What is read: running accounts with their balances, four numbers that add up, and books that notice every breach."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.paginator import Paginator
from django.db import connection

from core import clock
from core.actor import SYSTEM
from core.append_only import unguard
from core.money import Money
from escrow import queries
from escrow.models import Account, Hold, Payout, Receipt, Refund, Transfer
from escrow.services import holds, payments, payouts
from tests.factories.escrow import OrderFactory, held, movement, payout_account
from tests.factories.shop import StoreFactory

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture
def store():
    """A store with every kind of money: held 300, frozen 200, in flight 95, available 95 + 48 from a split."""
    store = StoreFactory()

    def hold(minor: int) -> Hold:
        return held(order=OrderFactory(store=store, items_minor=minor))

    def now():
        return clock.now()

    hold(300)
    holds.freeze(order_id=hold(200).order_id, actor=SYSTEM, reason="case", now=now())
    holds.release(order_id=hold(100).order_id, actor=SYSTEM, reason="received", now=now())
    payout_account(store.pk)
    payouts.prepare_payout(store_id=store.pk, actor=SYSTEM, now=now())
    holds.release(order_id=hold(100).order_id, actor=SYSTEM, reason="received", now=now())
    holds.split(order_id=hold(100).order_id, refund_minor=50, actor=SYSTEM, reason="ruling", now=now())
    return store


def test_four_numbers_add_up_to_the_ledger(store):
    money = queries.merchant_money(store.pk, clock.now())
    numbers = [part.minor for part in (money.held, money.frozen, money.arriving, money.available)]
    assert numbers == [300, 200, 95, 95 + 48]
    assert money.total == Money(sum(numbers))
    found = {line.key: line.balance for line in queries.books().accounts}
    assert found["escrow:CNY"] == money.held.minor + money.frozen.minor
    assert found["payout_in_flight:sandbox:CNY"] == money.arriving.minor
    assert found[f"merchant:{store.pk}:CNY"] == money.available.minor


def test_a_new_store_has_nothing():
    money = queries.merchant_money(uuid4(), clock.now())
    assert money.total == Money(0)
    assert list(queries.merchant_lines(uuid4())) == []


def test_a_merchants_running_account(store):
    lines = queries.merchant_lines(store.pk)
    assert [(line.amount.minor, line.balance.minor) for line in lines] == [(48, 143), (95, 95), (-95, 0), (95, 95)]
    assert len(lines) == 4
    assert "·1234" in str(lines[2].counterparty)
    assert lines[0].order_number
    assert "¥0.50" in str(lines[0].note)  # 0.48 = 0.50 − fee 0.02


def test_a_page_of_it_shows_the_same_balances(store):
    whole = list(queries.merchant_lines(store.pk))
    pages = Paginator(queries.merchant_lines(store.pk), 3)
    assert [*pages.page(1), *pages.page(2)] == whole
    assert pages.count == 4


def test_filters_leave_out_lines_not_balances(store):
    paid_out = list(queries.merchant_lines(store.pk, kind="payout"))
    assert [(line.amount.minor, line.balance.minor) for line in paid_out] == [(-95, 0)]
    whole = list(queries.merchant_lines(store.pk))
    number = whole[0].order_number
    assert list(queries.merchant_lines(store.pk, order_number=number)) == whole[:1]
    assert list(queries.merchant_lines(store.pk, kind="nothing")) == []
    assert list(Paginator(queries.merchant_lines(store.pk, kind="nothing"), 3).page(1)) == []
    assert [line.amount.minor for line in queries.merchant_lines(store.pk, max_minor=50)] == [48]
    assert len(queries.merchant_lines(store.pk, min_minor=50)) == 3
    today = clock.now().date()
    assert len(queries.merchant_lines(store.pk, since=today - timedelta(days=1), until=today + timedelta(days=1))) == 4
    assert len(queries.merchant_lines(store.pk, until=today - timedelta(days=2))) == 0
    assert len(queries.merchant_lines(store.pk, since=today + timedelta(days=2))) == 0


def test_another_stores_lines_stay_its_own(store):
    other = held(5_000)
    holds.release(order_id=other.order_id, actor=SYSTEM, reason="received", now=clock.now())
    assert len(queries.merchant_lines(store.pk)) == 4
    assert [line.amount.minor for line in queries.merchant_lines(other.store_id)] == [4_750]


def test_an_orders_account_in_escrow():
    hold = held(1000)
    holds.split(order_id=hold.order_id, refund_minor=370, actor=SYSTEM, reason="ruling", now=clock.now())
    lines = queries.order_lines(hold.order_id)
    assert {(line.kind, line.amount.minor) for line in lines} == {
        ("capture", 1000),
        ("refund", -370),
        ("release", -630),
    }
    assert lines[0].kind == "capture"
    assert lines[-1].balance == Money(0)
    assert queries.order_lines(uuid4()) == []


def test_a_buyers_money():
    hold = held(1000)
    buyer = hold.order.buyer
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    second = held(order=OrderFactory(buyer=buyer, items_minor=500))
    receipt = payments.park(
        payment=second.payment, gateway="sandbox", movement=movement(77), reason="twice", now=clock.now()
    )
    lines = queries.buyer_lines(buyer.pk)
    assert [(line.amount.minor, line.balance.minor) for line in lines] == [
        (77, 577),
        (500, 500),
        (-1000, 0),
        (1000, 1000),
    ]
    payments.return_receipt(receipt_id=receipt.pk, actor=SYSTEM, reason="twice", now=clock.now())
    assert queries.buyer_lines(buyer.pk)[0].balance == Money(500)
    assert len(queries.buyer_lines(buyer.pk, kind="release")) == 1
    assert len(queries.buyer_lines(buyer.pk, order_number=second.order.number)) == 1
    assert len(queries.buyer_lines(buyer.pk, min_minor=600)) == 2
    assert len(queries.buyer_lines(buyer.pk, max_minor=80)) == 2
    assert len(queries.buyer_lines(buyer.pk, since=clock.now().date() + timedelta(days=2))) == 0
    assert list(queries.buyer_lines(OrderFactory().buyer_id)) == []


def test_reading_many_lines_takes_few_queries(store, django_assert_max_num_queries):
    for _ in range(20):
        hold = held(order=OrderFactory(store=store, items_minor=1000))
        holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    with django_assert_max_num_queries(7):
        assert len(list(queries.merchant_lines(store.pk)[0:50])) == 24
    with django_assert_max_num_queries(3):
        queries.merchant_money(store.pk, clock.now())


def test_the_books_balance(store, capsys):
    found = queries.books()
    assert found.discrepancies == []
    assert found.sums == {"CNY": 0}
    call_command("ledger_check", "--all")
    out = capsys.readouterr().out
    assert "0 discrepancies" in out
    assert f"merchant:{store.pk}:CNY" in out
    call_command("ledger_check")
    assert f"merchant:{store.pk}:CNY" not in capsys.readouterr().out


def _alter(sql: str) -> None:
    """What an owner of the database could do, with the triggers out of the way."""
    unguard(connection, "escrow_transfer")
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("breach", "named"),
    [
        (lambda: Account.objects.filter(kind="merchant").update(balance=1), "balance 1"),
        (lambda: Hold.objects.filter(status="held").update(amount_minor=301), "hold without exactly its transfers"),
        (lambda: Hold.objects.filter(status="frozen").update(status="released"), "state and numbers"),
        (lambda: Refund.objects.update(amount_minor=49), "refund without exactly its transfers"),
        (lambda: Refund.objects.update(status="done"), "refund without exactly its transfers"),
        (lambda: Payout.objects.update(status="paid"), "payout without exactly its transfers"),
        (lambda: Receipt.objects.filter(outcome="applied").update(amount_minor=5), "paid payment"),
        (
            lambda: _alter("UPDATE escrow_transfer SET amount = amount + 1 WHERE kind = 3"),
            "fees:CNY",
        ),
        (lambda: _alter("DELETE FROM escrow_transfer WHERE kind = 6"), "payout_in_flight"),
        (
            lambda: _alter("UPDATE escrow_transfer SET currency = 'USD' WHERE kind = 1"),
            "another currency",
        ),
    ],
)
def test_every_breach_is_named(store, breach, named, capsys):
    breach()
    assert any(named in line for line in queries.books().discrepancies)
    with pytest.raises(SystemExit) as end:
        call_command("ledger_check")
    assert end.value.code == 1
    assert named in capsys.readouterr().out


def test_a_transfer_that_belongs_to_nothing_is_found(store):
    pot, merchant = Account.objects.get(key="escrow:CNY"), Account.objects.get(owner_id=store.pk)
    Transfer.objects.create(kind=2, ref=999_999, debit=pot, credit=merchant, currency="CNY", amount=10, at=clock.now())
    Account.objects.filter(pk=merchant.pk).update(balance=merchant.balance + 10)
    wrong = queries.books().discrepancies
    assert any(line.startswith("escrow:CNY") for line in wrong)
    assert any(line.startswith("merchant:") for line in wrong)
