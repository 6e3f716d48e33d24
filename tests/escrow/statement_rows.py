"""Statements made up for tests, in the sandbox bank's form, and what is there after they were taken in."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

from core import clock
from core.actor import SYSTEM
from escrow import statements
from escrow.models import StatementLine, Ticket
from escrow.queries.reconciliation import china_day
from escrow.services import statement_files
from flows import statements as flow


def row(ext_id, kind, gross, *, fee=0, reference="", currency="CNY", at: datetime | None = None):
    return {
        "id": ext_id, "kind": kind, "gross": gross, "fee": fee, "currency": currency, "reference": reference,
        "at": (at or clock.now()).isoformat(),
    }  # fmt: skip


def take_in(*rows, closing=None, day: date | None = None, gateway="sandbox"):
    """Hand a statement in and take it in; give what it did."""
    day = day or china_day(clock.now())
    closes = {"minor": closing, "currency": "CNY"} if closing is not None else None
    raw = json.dumps({"day": str(day), "rows": list(rows), "closing": closes}).encode()
    return take_in_raw(raw, gateway=gateway, reader="sandbox", day=day)


def take_in_raw(raw: bytes, *, gateway, reader="", day: date | None = None):
    day = day or china_day(clock.now())
    file = statement_files.keep(
        gateway=gateway, day=day, statement=statements.read(reader or gateway, raw, name="test", day=day),
        handed_in_by=None, currency="CNY", now=clock.now(),
    )  # fmt: skip
    return flow.take_in(file_id=file.pk, actor=SYSTEM, now=clock.now())


def line(ext_id) -> StatementLine:
    return StatementLine.objects.get(ext_id=ext_id)


def tickets(status="open") -> list[tuple[str, int]]:
    return sorted(Ticket.objects.filter(status=status).values_list("problem", "amount_minor"))


def days_ago(n: int) -> datetime:
    return clock.now() - timedelta(days=n)
