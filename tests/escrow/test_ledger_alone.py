"""A posting that is a transaction by itself is all or nothing, too: on PostgreSQL it is one statement."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from escrow.errors import AlreadyPosted, KeyTaken, Overdrawn, UnknownAccount, WrongCurrency
from escrow.ledger import Entry, accounts, balance, post
from escrow.models import Account, Transfer, TransferKind

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.money, pytest.mark.pg]
NET, SENT = TransferKind.RELEASE_NET, TransferKind.PAYOUT_SENT


def test_what_is_refused_leaves_nothing():
    pot, merchant, flight, dollars = accounts(
        "escrow:CNY", f"merchant:{uuid4()}:CNY", "payout_in_flight:sandbox:CNY", f"merchant:{uuid4()}:USD"
    )
    now = clock.now()
    first = Entry(NET, 1, pot, merchant, 700)
    assert post([first], now=now) == 1
    refused = [
        (AlreadyPosted, [first]),
        (KeyTaken, [Entry(NET, 1, pot, merchant, 701)]),
        (KeyTaken, [first, Entry(NET, 2, pot, merchant, 1)]),
        (Overdrawn, [Entry(SENT, 1, merchant, flight, 701)]),
        (WrongCurrency, [Entry(NET, 3, pot, merchant, 5), Entry(NET, 4, pot, dollars, 5)]),
        (UnknownAccount, [Entry(NET, 3, pot, merchant, 5), Entry(NET, 4, pot, Account(pk=10**12), 5)]),
    ]
    for error, entries in refused:
        with pytest.raises(error):
            post(entries, now=now)
    assert Transfer.objects.count() == 1
    assert balance(merchant) == 700 == -balance(pot)


def test_a_posting_asks_once():
    pot, merchant = accounts("escrow:CNY", f"merchant:{uuid4()}:CNY")
    now = clock.now()
    with CaptureQueriesContext(connection) as asked:
        post([Entry(NET, 1, pot, merchant, 700)], now=now)
    assert len(asked) == 1
