"""Statements as files: kept once by their bytes, and their lines taken in; a corrected re-issue changes its lines."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from core import audit
from core.actor import Actor
from core.errors import NotFound
from escrow import statements
from escrow.gateways.base import Statement, StatementRow
from escrow.models import StatementFile, StatementLine
from escrow.services import provider_fees, tickets
from escrow.services.tickets import Difference
from escrow.states import MatchStatus

BATCH = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file did: lines that are new, that were there unchanged, and that say something else than before."""

    new: int
    same: int
    changed: int


def keep(
    *, gateway: str, day: date, statement: Statement, handed_in_by: UUID | None, currency: str, now: datetime
) -> StatementFile:
    """Keep a statement's bytes; give the row that is there if they came before. An empty day has its day for bytes."""
    raw = statement.raw if statement.rows else f"{day}\n".encode() + statement.raw
    digest = hashlib.sha256(raw).hexdigest()
    closing = statement.closing
    minor, unit = (closing.minor, closing.currency) if closing is not None else (None, currency)
    values = {
        "day": day, "name": statement.name[:200], "raw": statement.raw, "handed_in_by": handed_in_by, "at": now,
        "closing_minor": minor, "currency": unit,
    }  # fmt: skip
    try:
        with transaction.atomic():
            return StatementFile.objects.create(gateway=gateway, sha256=digest, **values)
    except IntegrityError:
        file = StatementFile.objects.get(gateway=gateway, sha256=digest)
        if not file.lines and file.day != day:
            file.day = day  # handed in again under the right day before anything was taken in
            file.save(update_fields=["day"])
        return file


def parsed(file: StatementFile) -> Statement:
    """
    What a kept file says.

    :raises BadStatement: if it is none
    """
    raw = bytes(file.raw)
    if not raw:
        return Statement(file.name, raw, ())  # how a provider says that nothing moved on a day
    return statements.read(file.gateway, raw, name=file.name, day=file.day, currency=file.currency)


@transaction.atomic
def take_in(*, file_id: int, actor: Actor, now: datetime) -> Taken:
    """
    Write a kept file's lines: a line that is there unchanged changes nothing, one that says something else is
    corrected, ticketed and compared anew.

    :raises NotFound: if there is no such file
    :raises BadStatement: if it cannot be read
    """
    file = StatementFile.objects.filter(pk=file_id).first()
    if file is None:
        raise NotFound
    tickets.lock(file.gateway)
    rows = parsed(file).rows
    counted = [_take_batch(file, rows[at : at + BATCH], now=now) for at in range(0, len(rows), BATCH)]
    taken = Taken(*(sum(part) for part in zip(*counted, strict=True))) if counted else Taken(0, 0, 0)
    StatementFile.objects.filter(pk=file.pk).update(lines=len(rows))
    audit.record(
        actor=actor, act="statement.taken_in", subject_type="statement", subject=str(file.pk),
        facts={
            "gateway": file.gateway, "day": str(file.day), "sha256": file.sha256, "new": taken.new,
            "same": taken.same, "changed": taken.changed,
        },
    )  # fmt: skip
    return taken


def _take_batch(file: StatementFile, rows: Sequence[StatementRow], *, now: datetime) -> tuple[int, int, int]:
    known = _known(file, rows)
    StatementLine.objects.bulk_create(_line(file, row) for row in rows if row.ext_id not in known)
    changed = [(known[row.ext_id], row) for row in rows if row.ext_id in known and says_else(known[row.ext_id], row)]
    for line, row in changed:
        _correct(file, line, row, now=now)
    return len(rows) - len(known), len(known) - len(changed), len(changed)


def foresee(file: StatementFile) -> Taken:
    """
    What taking a kept file in would do, without doing it.

    :raises BadStatement: if it cannot be read
    """
    rows = parsed(file).rows
    same = changed = 0
    for at in range(0, len(rows), BATCH):
        known = _known(file, part := rows[at : at + BATCH])
        other = sum(row.ext_id in known and says_else(known[row.ext_id], row) for row in part)
        same, changed = same + len(known) - other, changed + other
    return Taken(len(rows) - same - changed, same, changed)


def _known(file: StatementFile, rows: Sequence[StatementRow]) -> dict[str, StatementLine]:
    """The lines that are there of these rows, by the provider's number."""
    lines = StatementLine.objects.filter(gateway=file.gateway, ext_id__in=[row.ext_id for row in rows])
    return {line.ext_id: line for line in lines}


def says_else(line: StatementLine, row: StatementRow) -> bool:
    """Whether a row tells of other money than the line of the same number that is there."""
    there = (line.kind, line.gross_minor, line.fee_minor, line.currency)
    return there != (row.kind, row.gross.minor, row.fee.minor, row.gross.currency)


def _line(file: StatementFile, row: StatementRow) -> StatementLine:
    return StatementLine(
        file=file, gateway=file.gateway, ext_id=row.ext_id, kind=row.kind, gross_minor=row.gross.minor,
        fee_minor=row.fee.minor, currency=row.gross.currency, reference=row.reference, at=row.at,
    )  # fmt: skip


def _correct(file: StatementFile, line: StatementLine, row: StatementRow, *, now: datetime) -> None:
    before: dict[str, str | int] = {"gross_minor": line.gross_minor, "fee_minor": line.fee_minor, "kind": line.kind}
    net = (row.gross.minor - row.fee.minor) - (line.gross_minor - line.fee_minor)
    for name, value in {
        "file": file, "kind": row.kind, "gross_minor": row.gross.minor, "fee_minor": row.fee.minor,
        "currency": row.gross.currency, "reference": row.reference, "at": row.at, "status": MatchStatus.OPEN,
        "transfer_id": None,
    }.items():  # fmt: skip
        setattr(line, name, value)
    line.save()
    provider_fees.book([line], now=now)  # whatever was booked for it waits for the new comparison
    tickets.open_for_lines([Difference(line, tickets.CHANGED, net)], now=now)
    ticket = line.tickets.get(problem=tickets.CHANGED)
    tickets.note(ticket, act="ticket.line_changed", facts={f"was_{name}": value for name, value in before.items()})
