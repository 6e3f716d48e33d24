"""
Everything at once: releasers, freezers, refunders and payouts work on the same holds for a while, then the books are
counted. MONEY.md §2.3 tells of the run that found a fee larger than what was left, which no review had seen.

CHAOS_SECONDS sets how long; 30 where nothing else is said.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from core import clock
from core.actor import SYSTEM
from core.errors import DomainError
from escrow.gateways import use
from escrow.ledger import account, derived_balance
from escrow.models import Account, Hold, Payout, Refund
from escrow.queries import books
from escrow.services import holds, payouts, refunds
from tests.factories.escrow import OrderFactory, ScriptedGateway, held, payout_account
from tests.factories.shop import StoreFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.pg, pytest.mark.fault, pytest.mark.money]
SECONDS = float(os.environ.get("CHAOS_SECONDS", "30"))
STORES, HOLDS = 4, 400


def release(hold: Hold) -> None:
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="chaos", now=clock.now())


def release_a_batch(pool: Sequence[Hold]) -> None:
    now = clock.now()
    some = [hold.order_id for hold in random.sample(pool, 20)]
    holds.release_many(order_ids=some, now=now, warned_before=now - timedelta(days=1))


def freeze(hold: Hold) -> None:
    holds.freeze(order_id=hold.order_id, actor=SYSTEM, reason="chaos", now=clock.now())


def thaw(hold: Hold) -> None:
    holds.thaw(order_id=hold.order_id, actor=SYSTEM, reason="chaos", now=clock.now())


def refund(hold: Hold) -> None:
    holds.refund(order_id=hold.order_id, actor=SYSTEM, reason="chaos", now=clock.now())


def split(hold: Hold) -> None:
    part = random.randint(0, hold.amount_minor)
    holds.split(order_id=hold.order_id, refund_minor=part, actor=SYSTEM, reason="chaos", now=clock.now())


def pay_out(hold: Hold) -> None:
    payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())


def send_something() -> None:
    """Whatever waits to be sent, by two at a time if it so happens."""
    now = clock.now()
    for row in Refund.objects.exclude(status="done").order_by("?")[:2]:
        refunds.send_refund(refund_id=row.pk, now=now)
    for payout in Payout.objects.exclude(status__in=("paid", "failed")).order_by("?")[:2]:
        payouts.send_payout(payout_id=payout.pk, now=now)


def keep_on(acts: Sequence[Callable[[], object]], until: float, told: Counter[str], lock: threading.Lock) -> None:
    """One of these acts after another; a refusal is an answer, a lock that was not given is tried again."""
    try:
        while time.monotonic() < until:
            act = random.choice(acts)
            try:
                act()
                word = "done"
            except DomainError as refusal:
                word = refusal.code
            except OperationalError as fault:
                word = "deadlock" if "deadlock" in str(fault) else "lock"
            with lock:
                told[word] += 1
    finally:
        connection.close()


def test_everything_at_once_leaves_balanced_books():
    """Seen red with the fee taken on a hold's whole amount instead of on what was released: the row's CHECK refused."""
    stores = [StoreFactory() for _ in range(STORES)]
    pool = []
    for number in range(HOLDS):
        order = OrderFactory(store=stores[number % STORES], items_minor=random.randint(1, 9_999), fee_bps=500)
        pool.append(held(order=order, fee_bps=500, warned=True))
    for store in stores:
        payout_account(store.pk)
    started = sum(hold.amount_minor for hold in pool)

    def on_any(verb: Callable[[Hold], None]) -> Callable[[], object]:
        return lambda: verb(random.choice(pool))

    crews = [
        [on_any(release), lambda: release_a_batch(pool)],
        [lambda: release_a_batch(pool)],
        [on_any(freeze), on_any(thaw)],
        [on_any(freeze), on_any(thaw), on_any(split)],
        [on_any(refund), on_any(split)],
        [on_any(pay_out)],
        [send_something],
        [send_something],
    ]
    told: Counter[str] = Counter()
    lock = threading.Lock()
    bank = ScriptedGateway()
    with use("sandbox", bank), ThreadPoolExecutor(len(crews)) as threads:
        until = time.monotonic() + SECONDS
        for crew in [threads.submit(keep_on, crew, until, told, lock) for crew in crews]:
            crew.result()
        for row in Refund.objects.exclude(status="done"):
            refunds.send_refund(refund_id=row.pk, now=clock.now())
    print(dict(told))
    assert told["done"] > 100, told
    assert told["deadlock"] == 0, told
    assert books().discrepancies == []
    rows = Hold.objects.values_list("amount_minor", "released_minor", "refunded_minor", "status")
    assert all(released + refunded <= amount for amount, released, refunded, _ in rows)
    assert not [row for row in rows if row[3] == "frozen" and row[1] + row[2] == row[0]]
    pot = derived_balance(account("escrow:CNY"))
    assert pot == started - sum(released + refunded for _, released, refunded, _ in rows)
    assert all(row.balance >= (row.floor or 0) for row in Account.objects.filter(floor__isnull=False))
