"""Differences between the providers' statements and the books, each with an owner until somebody has explained it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from core import audit
from core.actor import SYSTEM, Actor
from core.errors import NotFound
from core.money import Money
from escrow.errors import NoExplanation, NotAnArrival, TicketClosed, TicketTaken
from escrow.gateways.base import Movement
from escrow.models import StatementFile, StatementLine, Ticket
from escrow.services import payments, provider_fees
from escrow.statements.reading import CHINA
from escrow.states import MatchStatus, TicketProblem, TicketStatus

BATCH = 500
UNKNOWN, AMOUNT, MISSING, CHANGED, BALANCE, SILENT = (str(problem) for problem in TicketProblem)


def lock(gateway: str) -> None:
    """Let one at a time work on a provider's lines and tickets. In a transaction."""
    list(StatementFile.objects.select_for_update(no_key=True).filter(gateway=gateway).order_by("pk").only("pk")[:1])


@dataclass(frozen=True, slots=True)
class Difference:
    """What is wrong about a line, and by how much, in minor units of its currency."""

    line: StatementLine
    problem: str
    minor: int


def open_for_lines(found: Sequence[Difference], *, now: datetime) -> None:
    """
    Open a ticket for each of these, or once more the one that was closed before. The caller holds the provider's lock.

    What is open and says the same is left alone: unknown lines are looked at at each tick, and there may be thousands.
    """
    rows = Ticket.objects.filter(line__in=[one.line.pk for one in found])
    there = {(row.line_id, row.problem): row for row in rows}
    new = []
    for one in found:
        values = {
            "day": one.line.at.astimezone(CHINA).date(), "amount_minor": one.minor, "currency": one.line.currency,
            "status": TicketStatus.OPEN,
        }  # fmt: skip
        ticket = there.get((one.line.pk, one.problem))
        if ticket is None:
            new.append(Ticket(gateway=one.line.gateway, problem=one.problem, line=one.line, opened_at=now, **values))
        elif any(getattr(ticket, name) != value for name, value in values.items()):
            again = {} if ticket.is_open else {"opened_at": now, "closed_at": None, "owner": None}
            Ticket.objects.filter(pk=ticket.pk).update(**values, **again)
    Ticket.objects.bulk_create(new, batch_size=BATCH)


def open_missing(
    *, gateway: str, transfer_id: int, amount_minor: int, currency: str, day: date, now: datetime
) -> tuple[Ticket, bool]:
    """Open a ticket about a movement of ours that no statement has a line for, once."""
    return Ticket.objects.get_or_create(
        gateway=gateway, problem=MISSING, transfer_id=transfer_id, line=None,
        defaults={"day": day, "amount_minor": amount_minor, "currency": currency, "opened_at": now},
    )  # fmt: skip


def open_silent(*, gateway: str, day: date, balances: Iterable[Money], now: datetime) -> None:
    """Open a ticket for each currency about a provider of which no statement ever came, once."""
    for balance in balances:
        Ticket.objects.get_or_create(
            gateway=gateway, problem=SILENT, currency=balance.currency,
            defaults={"day": day, "amount_minor": balance.minor, "opened_at": now},
        )  # fmt: skip


def close_silent(gateway: str, *, now: datetime) -> None:
    """Close what :func:`open_silent` opened: a statement has come."""
    rows = Ticket.objects.filter(gateway=gateway, problem=SILENT, status=TicketStatus.OPEN)
    close_by_itself(rows.values_list("pk", flat=True), now=now)


def note_balance(*, gateway: str, day: date, currency: str, difference_minor: int, now: datetime) -> None:
    """Open, correct or close the ticket about a day's closing balance. The caller holds the provider's lock."""
    rows = Ticket.objects.filter(gateway=gateway, problem=BALANCE, day=day, currency=currency)
    ticket = rows.order_by("pk").first()
    if ticket is None:
        if difference_minor:
            Ticket.objects.create(
                gateway=gateway, problem=BALANCE, day=day, currency=currency, amount_minor=difference_minor,
                opened_at=now,
            )  # fmt: skip
        return
    if not difference_minor:
        close_by_itself([ticket.pk], now=now)
    elif ticket.amount_minor != difference_minor:
        again = {} if ticket.status == TicketStatus.OPEN else {"opened_at": now, "closed_at": None, "owner": None}
        rows.filter(pk=ticket.pk).update(amount_minor=difference_minor, status=TicketStatus.OPEN, **again)


def close_by_itself(pks: Iterable[int], *, now: datetime) -> int:
    """Close tickets whose reason has gone: the other side has appeared since."""
    rows = Ticket.objects.filter(pk__in=list(pks), status=TicketStatus.OPEN)
    closed = rows.update(status=TicketStatus.CLOSED, closed_at=now)
    if closed:
        audit.record(actor=SYSTEM, act="ticket.settled", subject_type="ticket", subject="", facts={"n": closed})
    return closed


@transaction.atomic
def take(*, ticket_id: int, actor: Actor) -> Ticket:
    """
    Make somebody the owner of an open ticket, also in place of somebody else.

    :raises NotFound: if there is no such ticket
    :raises TicketClosed: if it has been explained
    """
    ticket = _locked(ticket_id)
    if ticket.owner != actor.user_id:
        _audit(ticket, act="ticket.taken", actor=actor, facts={"from": str(ticket.owner or "")})
        ticket.owner = actor.user_id
        ticket.save(update_fields=["owner"])
    return ticket


@transaction.atomic
def explain(*, ticket_id: int, note: str, actor: Actor, now: datetime) -> Ticket:
    """
    Close a ticket with what it turned out to be. The line it is about counts as explained from then on, and so does
    its fee.

    :raises NoExplanation: if nothing was written
    :raises TicketTaken: if it is somebody else's
    :raises TicketClosed: if it has been explained
    """
    note = " ".join(note.split())[:500]
    if len(note) < 3:
        raise NoExplanation
    ticket = _locked(ticket_id)
    if ticket.owner not in (None, actor.user_id):
        raise TicketTaken
    ticket.owner, ticket.note, ticket.status, ticket.closed_at = actor.user_id, note, TicketStatus.CLOSED, now
    ticket.save(update_fields=["owner", "note", "status", "closed_at"])
    _audit(ticket, act="ticket.explained", actor=actor, reason=note)
    if ticket.line_id is not None:
        _explain_line(ticket.line_id, now=now)
    return ticket


def _explain_line(line_id: int, *, now: datetime) -> None:
    line = StatementLine.objects.select_for_update(no_key=True).get(pk=line_id)
    if line.status in (MatchStatus.UNKNOWN, MatchStatus.DIFFERS):
        line.status = MatchStatus.EXPLAINED
        line.save(update_fields=["status"])
        provider_fees.book([line], now=now)


@transaction.atomic
def set_aside(*, ticket_id: int, actor: Actor, now: datetime) -> StatementLine:
    """
    Take unknown money that came in into the books as parked, without a payment: for staff to send back or keep apart.

    :raises NotAnArrival: if the ticket is not about money that came in and that nobody knows
    :raises TicketTaken: if it is somebody else's
    :raises TicketClosed: if it has been explained
    """
    ticket = _locked(ticket_id)
    if ticket.owner not in (None, actor.user_id):
        raise TicketTaken
    line = ticket.line
    if line is None or not ticket.can_be_set_aside:
        raise NotAnArrival
    arrived = Movement(ref=line.ext_id[:80], amount=Money(line.gross_minor, line.currency), at=line.at)
    receipt = payments.park(payment=None, gateway=line.gateway, movement=arrived, reason="unknown", now=now)
    if receipt is None:
        raise NotAnArrival
    ticket.owner = actor.user_id
    ticket.save(update_fields=["owner"])
    _audit(ticket, act="ticket.set_aside", actor=actor, facts={"receipt": receipt.pk})
    return line


def note(ticket: Ticket, *, act: str, facts: dict[str, str | int]) -> None:
    """Write down what has happened to a ticket by itself."""
    _audit(ticket, act=act, actor=SYSTEM, facts=facts)


def open_of_lines(lines: Sequence[int], problems: Sequence[str]) -> list[int]:
    rows = Ticket.objects.filter(line__in=lines, problem__in=problems, status=TicketStatus.OPEN)
    return list(rows.values_list("pk", flat=True))


def open_of_transfers(gateway: str, transfers: Sequence[int]) -> list[int]:
    rows = Ticket.objects.filter(gateway=gateway, problem=MISSING, transfer_id__in=transfers, status=TicketStatus.OPEN)
    return list(rows.values_list("pk", flat=True))


def _locked(ticket_id: int) -> Ticket:
    gateway = Ticket.objects.filter(pk=ticket_id).values_list("gateway", flat=True).first()
    if gateway is None:
        raise NotFound
    lock(gateway)
    ticket = Ticket.objects.select_for_update(of=("self",), no_key=True).get(pk=ticket_id)
    if ticket.status != TicketStatus.OPEN:
        raise TicketClosed
    return ticket


def _audit(
    ticket: Ticket, *, act: str, actor: Actor, reason: str = "", facts: dict[str, str | int] | None = None
) -> None:
    about = {"gateway": ticket.gateway, "problem": ticket.problem, "amount_minor": ticket.amount_minor}
    audit.record(
        actor=actor, act=act, subject_type="ticket", subject=str(ticket.pk), reason=reason,
        facts={**about, **(facts or {})},
    )  # fmt: skip
