"""Statements that come twice at one moment: each line once, each fee once, one ticket for each difference."""

from __future__ import annotations

import json
import threading
import time

import pytest

from core import clock
from core.actor import SYSTEM, Actor
from escrow import statements
from escrow.models import StatementLine, Ticket, Transfer, TransferKind
from escrow.queries import books
from escrow.queries.reconciliation import china_day
from escrow.services import statement_files, tickets
from flows import statements as flow
from tests.escrow.statement_rows import row
from tests.factories.accounts import MediatorFactory
from tests.factories.escrow import held
from tests.together import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.money]


def kept(rows, name: str) -> int:
    day = china_day(clock.now())
    raw = json.dumps({"rows": rows, "name": name}).encode()
    return statement_files.keep(
        gateway="sandbox", day=day, statement=statements.read("sandbox", raw, name=name, day=day), handed_in_by=None,
        currency="CNY", now=clock.now(),
    ).pk  # fmt: skip


def test_two_files_with_the_same_lines_at_one_moment():
    """
    Seen red on PostgreSQL without ``tickets.lock``: the second file's lines break the constraint of their numbers.
    """
    at = clock.now()
    for turn in range(3):
        arrived = held().payment.receipts.get()
        rows = [
            row(arrived.gateway_ref, "payment", 12_800, fee=77, at=at),
            row(f"TX{turn}", "other", -5, fee=1, at=at),
        ]
        files = [kept(rows, f"{turn}-{n}") for n in range(6)]
        at_once([lambda pk=pk: flow.take_in(file_id=pk, actor=SYSTEM, now=clock.now()) for pk in files])
    assert StatementLine.objects.count() == 6
    assert Transfer.objects.filter(kind=TransferKind.PROVIDER_FEE).count() == 3
    assert Ticket.objects.count() == 3
    assert books().discrepancies == []


def test_explaining_and_comparing_do_not_wait_for_each_other_for_ever(monkeypatch):
    """
    One has the ticket and wants the line, the other has the line and wants the ticket.

    Seen red on PostgreSQL without ``lock`` in ``tickets._locked``: a deadlock.
    """
    at = clock.now()
    flow.take_in(file_id=kept([row("TX1", "payment", 500, fee=3, at=at)], "1"), actor=SYSTEM, now=at)
    ticket = Ticket.objects.get()
    again = kept([row("TX1", "payment", 500, fee=5, at=at)], "2")
    has_ticket, explained = threading.Event(), tickets._explain_line

    def slowly(*args, **kwargs):
        has_ticket.set()
        time.sleep(1)
        explained(*args, **kwargs)

    def take_in():
        has_ticket.wait(10)
        flow.take_in(file_id=again, actor=SYSTEM, now=clock.now())

    monkeypatch.setattr(tickets, "_explain_line", slowly)
    staff = Actor(user_id=MediatorFactory().pk, is_mediator=True)
    at_once([lambda: tickets.explain(ticket_id=ticket.pk, note="a deposit", actor=staff, now=clock.now()), take_in])
    assert StatementLine.objects.get().status == "unknown"  # it was corrected after it was explained
    assert books().discrepancies == []
