"""
The shop on a database that is taken away: what is due before, and the account of it afterwards.

``python -m tests.faults.outage fill`` and ``… count``, each a process of its own: the test itself has no such database.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable

import django

RELEASES, PAYOUTS = 240, 40


def fill() -> None:
    """Deliveries whose time to look is over, stores whose money has a bank to go to; say the cookie of a buyer."""
    from django.conf import settings
    from django.test import Client

    from core import clock, deadlines
    from core.actor import SYSTEM
    from escrow.services import holds
    from tests.factories.escrow import held, payout_account
    from tests.faults.test_killed_worker import ripe_holds

    client = Client()
    client.force_login(ripe_holds(RELEASES)[0].order.buyer)
    print(f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}")
    for _ in range(PAYOUTS):
        hold = held(10_000)
        holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
        payout_account(hold.store_id)
        deadlines.schedule("payout.due", subject=hold.store_id, due_at=clock.now())


def count() -> None:
    """Everything once: releases, their transfers, notices and mails, payouts here and at the bank. The books agree."""
    from accounts.models import Notice, OutgoingMessage
    from core.models import AuditEntry, Delivery, OutboxEvent
    from escrow import pretended
    from escrow.models import Hold, Payout, Sealed, Transfer, TransferKind
    from escrow.queries import books
    from escrow.states import HoldStatus, PayoutStatus
    from shop.models import Order
    from shop.states import OrderStatus

    releases = Transfer.objects.filter(kind=TransferKind.RELEASE_NET)
    once("released", releases.values_list("ref", flat=True), RELEASES + PAYOUTS)
    assert not Hold.objects.exclude(status=HoldStatus.RELEASED).exists()
    assert Order.objects.filter(status=OrderStatus.COMPLETED).count() == RELEASES
    told = AuditEntry.objects.filter(reason="inspection time over", subject_type="order")
    once("on record", told.values_list("subject", flat=True), RELEASES)
    events = OutboxEvent.objects.filter(name="escrow.released")
    once("announced", [event.payload["order_id"] for event in events], RELEASES)
    assert not Delivery.objects.filter(done_at__isnull=True).exists()
    of_one = Order.objects.filter(status=OrderStatus.COMPLETED).select_related("buyer", "store__owner")[0]
    for person in (of_one.buyer, of_one.store.owner):
        notices = Notice.objects.filter(user=person, kind="escrow.released")
        once("notices", notices.values_list("key", flat=True), RELEASES)
        mails = OutgoingMessage.objects.filter(channel="email", to=person.email)
        once("mails", mails.values_list("key", flat=True), RELEASES)
    once("paid out", Payout.objects.values_list("store_id", flat=True), PAYOUTS)
    assert not Payout.objects.exclude(status=PayoutStatus.PAID).exists()
    moved = pretended.ask("list", "sandbox")["transfers"]
    at_bank = [row for row in moved if row["kind"] == "payout" and row["state"] == "done"]
    once("at the bank", [row["key"] for row in at_bank], PAYOUTS)
    assert {row["minor"] for row in at_bank} == {9_500}
    once("sealed", Sealed.objects.values_list("transfer_id", flat=True), Transfer.objects.count())
    assert books().discrepancies == []


def once(what: str, rows: Iterable[object], wanted: int) -> None:
    found = Counter(rows)
    assert sum(found.values()) == wanted, f"{what}: {sum(found.values())} instead of {wanted}"
    assert set(found.values()) == {1}, f"{what} more than once: {found.most_common(3)}"


if __name__ == "__main__":
    django.setup()
    {"fill": fill, "count": count}[sys.argv[1]]()
