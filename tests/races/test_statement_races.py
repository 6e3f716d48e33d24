"""Statements that come twice at one moment: each line once, each fee once, one ticket for each difference."""

from __future__ import annotations

import json

import pytest

from core import clock
from core.actor import SYSTEM
from escrow import statements
from escrow.models import StatementLine, Ticket, Transfer, TransferKind
from escrow.queries import books
from escrow.queries.reconciliation import china_day
from escrow.services import statement_files, tickets
from flows import statements as flow
from tests.escrow.statement_rows import row
from tests.factories.accounts import MediatorFactory
from tests.factories.escrow import held
from tests.races.test_money_races import at_once

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


def test_a_difference_is_explained_while_its_line_is_corrected():
    """Seen red on PostgreSQL without ``tickets.lock`` in ``tickets._locked``: the books then counted an old state."""
    from core.actor import Actor

    for turn in range(4):
        at, number = clock.now(), f"TX{turn}"
        flow.take_in(file_id=kept([row(number, "payment", 500, fee=3, at=at)], number), actor=SYSTEM, now=at)
        ticket = Ticket.objects.get(problem="unknown_line", line__ext_id=number)
        staff = Actor(user_id=MediatorFactory().pk, is_mediator=True)
        again = kept([row(number, "payment", 500, fee=5, at=at)], f"{number}-again")
        at_once(
            [
                lambda pk=ticket.pk, who=staff: tickets.explain(
                    ticket_id=pk, note="a deposit", actor=who, now=clock.now()
                ),
                lambda pk=again: flow.take_in(file_id=pk, actor=SYSTEM, now=clock.now()),
            ]
        )
        assert books().discrepancies == []
