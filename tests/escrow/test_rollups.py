"""Roll-ups: the same balance as from all of history, and no transfer that commits late is ever lost to them."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from core import clock
from core.actor import SYSTEM
from escrow.ledger import Entry, account, balance, derived_balance, post
from escrow.models import AccountCheckpoint, Transfer, TransferKind
from escrow.queries import books
from escrow.services import holds
from escrow.services.rollups import roll_up
from tests.factories.escrow import held

pytestmark = pytest.mark.money


def recorded() -> dict[str, int]:
    keys = ("escrow:CNY", "fees:CNY", "provider:sandbox:CNY", "suspense:sandbox:CNY")
    return {key: derived_balance(account(key)) for key in keys}


def from_scratch() -> dict[str, int]:
    found = {line.key: line.balance for line in books().accounts}
    return {key: found.get(key, 0) for key in recorded()}


@pytest.mark.django_db
def test_the_balance_stays_the_same_before_and_after_any_number_of_roll_ups():
    for minor in (10_000, 7, 333):
        hold = held(minor)
        holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
        held(minor)
        assert recorded() == from_scratch()
        assert roll_up(now=clock.now()) > 0
        assert recorded() == from_scratch()
        assert roll_up(now=clock.now()) == 0
    assert AccountCheckpoint.objects.filter(account__key="escrow:CNY").count() == 3
    assert not AccountCheckpoint.objects.filter(account__floor__isnull=False).exists()
    assert books().discrepancies == []


@pytest.mark.django_db
def test_what_came_later_is_added_to_the_newest():
    held(10_000)
    roll_up(now=clock.now())
    held(5)
    row = AccountCheckpoint.objects.get(account__key="escrow:CNY")
    assert (row.balance, balance(account("escrow:CNY"))) == (10_000, 10_005)


@pytest.mark.django_db
def test_a_wrong_one_is_noticed_and_none_is_changed():
    held(10_000)
    row = AccountCheckpoint(
        account=account("escrow:CNY"), upto_transfer_id=Transfer.objects.latest("pk").pk, balance=1, at=clock.now()
    )
    row.save()
    assert any("checkpoint" in line for line in books().discrepancies)
    with pytest.raises(IntegrityError), transaction.atomic():
        AccountCheckpoint.objects.filter(pk=row.pk).update(balance=2)


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_a_late_commit_with_a_smaller_id_is_not_lost():
    """
    A transfer draws its id, stays uncommitted, and others with greater ids commit. Seen red without the wait for the
    writers in ``rollups._settled``: the roll-up lay above it, and its amount was missing for ever.
    """
    held(10_000)
    drawn, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            sides = account("rounding:CNY"), account("adjustments:CNY")
            post([Entry(TransferKind.ADJUST, 999, *sides, 42)], now=clock.now())
            drawn.set()
            may_commit.wait(timeout=30)
        connection.close()

    account("rounding:CNY"), account("adjustments:CNY")
    thread = threading.Thread(target=slow)
    thread.start()
    assert drawn.wait(timeout=30)
    held(77)  # commits with greater ids
    assert roll_up(now=clock.now(), wait_seconds=0.3) == 0, "somebody's transaction is open: not now"
    later = threading.Timer(0.5, may_commit.set)
    later.start()
    assert roll_up(now=clock.now(), wait_seconds=20) > 0
    thread.join()
    assert derived_balance(account("rounding:CNY")) == -42
    assert derived_balance(account("adjustments:CNY")) == 42
    assert not any("checkpoint" in line for line in books().discrepancies)
