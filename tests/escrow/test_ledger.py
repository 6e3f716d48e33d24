"""The books: one call is posted whole or not at all, once, in one currency, and never below a floor. Both bodies."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from core import clock
from core.append_only import guard
from core.models import AuditEntry
from escrow import ledger
from escrow.errors import AlreadyPosted, KeyTaken, Overdrawn, UnknownAccount, WrongCurrency
from escrow.ledger import Entry, account, balance, post
from escrow.models import Account, Transfer, TransferKind

pytestmark = [pytest.mark.django_db, pytest.mark.money]
NET, SENT = TransferKind.RELEASE_NET, TransferKind.PAYOUT_SENT


@pytest.fixture
def pot() -> Account:
    return account("escrow:CNY")


@pytest.fixture
def merchant() -> Account:
    return account(f"merchant:{uuid4()}:CNY")


def test_a_transfer_moves_money_and_its_balances(pot, merchant):
    assert post([Entry(NET, 1, pot, merchant, 700), Entry(NET, 2, pot, merchant, 300)], now=clock.now()) == 2
    assert balance(merchant) == 1000
    assert balance(pot) == -1000
    merchant.refresh_from_db()
    pot.refresh_from_db()
    assert merchant.balance == 1000
    assert pot.balance == 0  # recorded only: its balance is the sum of its transfers


def test_nothing_is_posted_for_nothing():
    assert post([], now=clock.now()) == 0


def test_the_same_again_is_refused_and_moves_nothing(pot, merchant):
    entries = [Entry(NET, 1, pot, merchant, 700)]
    post(entries, now=clock.now())
    with pytest.raises(AlreadyPosted):
        post(entries, now=clock.now())
    assert balance(merchant) == 700


def test_another_movement_under_a_known_key_is_refused(pot, merchant):
    post([Entry(NET, 1, pot, merchant, 700)], now=clock.now())
    with pytest.raises(KeyTaken):
        post([Entry(NET, 1, pot, merchant, 701)], now=clock.now())
    with pytest.raises(KeyTaken):  # one known, one new: all or none
        post([Entry(NET, 1, pot, merchant, 700), Entry(NET, 2, pot, merchant, 1)], now=clock.now())
    assert balance(merchant) == 700
    assert Transfer.objects.count() == 1


def test_an_account_with_a_floor_cannot_be_overdrawn(pot, merchant):
    flight = account("payout_in_flight:sandbox:CNY")
    post([Entry(NET, 1, pot, merchant, 700)], now=clock.now())
    with pytest.raises(Overdrawn):
        post([Entry(SENT, 1, merchant, flight, 701)], now=clock.now())
    assert balance(merchant) == 700
    assert Transfer.objects.count() == 1
    post([Entry(SENT, 1, merchant, flight, 700)], now=clock.now())
    assert balance(merchant) == 0


def test_currencies_do_not_mix(pot):
    dollars = account(f"merchant:{uuid4()}:USD")
    with pytest.raises(WrongCurrency):
        post([Entry(NET, 1, pot, dollars, 100)], now=clock.now())
    assert balance(dollars) == 0


def test_an_account_must_exist(pot):
    ghost = Account(pk=(Account.objects.aggregate(top=Max("pk"))["top"] or 0) + 1000, currency="CNY")
    with pytest.raises(UnknownAccount):
        post([Entry(NET, 1, pot, ghost, 100)], now=clock.now())


@pytest.mark.parametrize("minor", [0, -1])
def test_a_transfer_moves_more_than_nothing(pot, merchant, minor):
    with pytest.raises(ValueError):
        Entry(NET, 1, pot, merchant, minor)


def test_a_transfer_needs_two_accounts_and_one_key_each(pot, merchant):
    with pytest.raises(ValueError):
        Entry(NET, 1, pot, pot, 1)
    with pytest.raises(ValueError):
        post([Entry(NET, 1, pot, merchant, 1), Entry(NET, 1, pot, merchant, 1)], now=clock.now())


@pytest.mark.parametrize("key", ["piggy:CNY", "escrow", "escrow:yuan", "provider:a:b:CNY"])
def test_only_accounts_of_the_chart_are_opened(key):
    with pytest.raises(ValueError):
        account(key)


def test_many_at_once(pot):
    stores = [account(f"merchant:{uuid4()}:CNY") for _ in range(7)]
    entries = [Entry(NET, n, pot, stores[n % 7], n + 1) for n in range(500)]
    assert post(entries, now=clock.now()) == 500
    assert sum(balance(store) for store in stores) == sum(range(501)) == -balance(pot)


def test_the_time_of_a_transfer_is_the_callers(pot, merchant):
    now = clock.now()
    post([Entry(NET, 1, pot, merchant, 1)], now=now)
    assert Transfer.objects.get().at == now


def _refused(change) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def test_transfers_are_written_once(pot, merchant):
    post([Entry(NET, 1, pot, merchant, 700)], now=clock.now())
    _refused(lambda: Transfer.objects.update(amount=1))
    _refused(lambda: Transfer.objects.all().delete())
    assert Transfer.objects.get().amount == 700


def test_accounts_stay_what_they_are(pot, merchant):
    _refused(lambda: Account.objects.filter(pk=merchant.pk).update(currency="USD"))
    _refused(lambda: Account.objects.filter(pk=merchant.pk).delete())
    Account.objects.filter(pk=merchant.pk).update(balance=5)  # a balance is what moves


def test_the_audit_trail_is_written_once():
    AuditEntry.objects.create(at=clock.now(), act="x", subject_type="x", subject="1")
    _refused(lambda: AuditEntry.objects.update(act="y"))
    _refused(lambda: AuditEntry.objects.all().delete())


@pytest.mark.pg
def test_append_only_tables_cannot_be_truncated(pot):
    def truncate() -> None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE escrow_transfer")

    _refused(truncate)


def test_guarding_twice_is_guarding_once(pot):
    guard(connection, "escrow_transfer")
    _refused(lambda: Account.objects.all().delete())


def test_opening_an_account_twice_gives_the_same(pot):
    assert account("escrow:CNY").pk == pot.pk
    assert [row.pk for row in ledger.accounts("escrow:CNY", "escrow:CNY")] == [pot.pk, pot.pk]
