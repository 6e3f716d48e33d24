"""kill -9 of the worker at random moments: what is due happens exactly once, and nothing is forgotten."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection, transaction

from accounts.models import Notice, OutgoingMessage
from core import clock, outbox
from core.models import AuditEntry, Deadline, Delivery, OutboxEvent
from escrow.ledger import balance
from escrow.models import Hold, Transfer, TransferKind
from escrow.queries import books
from escrow.states import HoldStatus
from shop.models import Order
from shop.states import OrderStatus
from tests.factories.accounts import UserFactory
from tests.factories.escrow import OrderFactory, held
from tests.factories.shop import StoreFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.money]
RELEASES = 300
KILLS = 15
SECONDS = 150  # on a busy machine; an idle one needs a sixth of it
ROOT = Path(__file__).parents[2]


def database_url() -> str:
    """The database of this test, as another process names it."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    login = f"{quote(given['USER'])}:{quote(given['PASSWORD'] or '')}@" if given["USER"] else ""
    return f"postgres://{login}{given['HOST']}:{given['PORT']}/{given['NAME']}"


class Worker:
    """The worker's process and a way to lose it."""

    def __init__(self, parent: subprocess.Popen[str]) -> None:
        self.parent = parent
        self.pid = 0
        self.kills = 0
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self.parent.stdout is not None
        return self.parent.stdout.readline().strip()

    def start(self) -> None:
        assert self.parent.stdin is not None
        self.parent.stdin.write("start\n")
        self.parent.stdin.flush()
        self.pid = int(self._line())

    def kill(self) -> None:
        """No farewell: no handler runs, no transaction is ended."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            self.pid = 0
            self.kills += 1


@pytest.fixture
def worker() -> Iterator[Worker]:
    env = {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.settings", "NUDGE": "0"}
    command = [sys.executable, "-m", "tests.faults.worker"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=env, **pipes) as parent:  # type: ignore[call-overload]
        loaded = Worker(parent)
        try:
            yield loaded
        finally:
            loaded.kill()
            parent.kill()


def ripe_holds(count: int) -> list[Hold]:
    """Delivered orders whose buyers were warned and whose time to look is over; nothing is released yet."""
    store, buyer, now = StoreFactory(), UserFactory(), clock.now()
    with transaction.atomic():
        orders = [OrderFactory(store=store, buyer=buyer, items_minor=1_000 + n) for n in range(count)]
        found = [held(order=order) for order in orders]
        Order.objects.update(status=OrderStatus.DELIVERED, delivered_at=now - timedelta(days=8))
        Hold.objects.update(warned_at=now - timedelta(days=2))
        Deadline.objects.bulk_create(
            [Deadline(kind="escrow.release", subject=str(order.pk), due_at=now) for order in orders]
        )
    return found


def is_all_done() -> bool:
    releases = Deadline.objects.filter(kind="escrow.release", done_at__isnull=True)
    return not releases.exists() and outbox.depth() == 0


def each_once(rows: list[object]) -> None:
    assert len(rows) == RELEASES
    assert set(Counter(rows).values()) == {1}


def test_three_hundred_releases_survive_kills(worker):
    """Seen red without the transaction of ``release.release_due``: nine orders were released and never completed."""
    holds = ripe_holds(RELEASES)
    until, chance = time.monotonic() + SECONDS, random.Random()
    released_at_kills = []
    for _ in range(KILLS):
        worker.start()
        time.sleep(chance.uniform(0.02, 0.7))
        worker.kill()
        released_at_kills.append(Hold.objects.filter(status=HoldStatus.RELEASED).count())
    assert released_at_kills[0] < RELEASES, "the first one died at its work"
    worker.start()  # this one is left alone
    while not is_all_done():
        assert time.monotonic() < until, (released_at_kills, outbox.depth())
        time.sleep(0.2)
    worker.kill()
    count_everything(holds)


def count_everything(holds: list[Hold]) -> None:
    """Count everything: holds, orders, transfers, deadlines, events, notices, mails, the merchant's money."""
    fees = sum(hold.amount_minor for hold in Hold.objects.all()) - balance(holds[0].merchant)
    done = Hold.objects.filter(status=HoldStatus.RELEASED)
    assert done.count() == RELEASES
    assert all(hold.released_minor == hold.amount_minor for hold in done)
    assert fees == sum(hold.fee_taken_minor for hold in done)
    each_once(list(Transfer.objects.filter(kind=TransferKind.RELEASE_NET).values_list("ref", flat=True)))
    each_once(list(Transfer.objects.filter(kind=TransferKind.RELEASE_FEE).values_list("ref", flat=True)))
    assert Order.objects.filter(status=OrderStatus.COMPLETED).count() == RELEASES
    each_once(list(AuditEntry.objects.filter(reason="inspection time over", subject_type="order").values_list(
        "subject", flat=True)))  # fmt: skip
    events = OutboxEvent.objects.filter(name="escrow.released")
    each_once([event.payload["order_id"] for event in events])
    assert not Delivery.objects.filter(done_at__isnull=True).exists()
    merchant, buyer = holds[0].order.store.owner, holds[0].order.buyer
    for person in (merchant, buyer):
        each_once(list(Notice.objects.filter(user=person, kind="escrow.released").values_list("key", flat=True)))
        mails = OutgoingMessage.objects.filter(channel="email", to=person.email)
        each_once(list(mails.values_list("key", flat=True)))
    assert Deadline.objects.filter(kind="payout.due", done_at__isnull=True).count() == 1
    assert books().discrepancies == []
