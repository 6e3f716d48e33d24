"""What is looked at beside the lines: movements of ours that no statement knows, providers without any, balances."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from escrow.models import StatementFile, Ticket
from escrow.queries import reconciliation
from escrow.services import tickets
from escrow.states import TicketStatus


@transaction.atomic
def look_for_missing(*, gateway: str, now: datetime) -> int:
    """Open a ticket for each movement of ours that should have a line by now; give how many are new."""
    tickets.lock(gateway)
    new = 0
    for one in reconciliation.missing(gateway=gateway, now=now):
        _ticket, is_new = tickets.open_missing(
            gateway=gateway, transfer_id=one.transfer_id, amount_minor=one.minor, currency=one.currency,
            day=reconciliation.china_day(one.at), now=now,
        )  # fmt: skip
        new += is_new
    return new


@transaction.atomic
def look_for_silence(*, gateway: str, now: datetime) -> None:
    """
    Open a ticket where money moves and no statement ever came; close it with the first that does.

    Single movements are missed only from a provider's first statement on: without one they would be a ticket each.
    """
    silent = reconciliation.silence(gateway=gateway, now=now)
    if silent is None:
        tickets.close_silent(gateway, now=now)
    else:
        tickets.open_silent(gateway=gateway, day=silent[0], balances=silent[1], now=now)


@transaction.atomic
def compare_balances(*, file: StatementFile, now: datetime) -> None:
    """Compare the closing balance of a file's day with the books, and of days whose difference is still open."""
    tickets.lock(file.gateway)
    open_days = Ticket.objects.filter(
        gateway=file.gateway, problem=tickets.BALANCE, status=TicketStatus.OPEN
    ).values_list("day", flat=True)
    rows = StatementFile.objects.filter(reconciliation.TAKEN_IN, gateway=file.gateway, day__in={file.day, *open_days})
    newest = {row.day: row for row in rows.filter(closing_minor__isnull=False).defer("raw").order_by("pk")}
    for day, row in newest.items():
        books = reconciliation.balance_at(row.gateway, row.currency, reconciliation.day_bounds(day)[1])
        tickets.note_balance(
            gateway=row.gateway, day=day, currency=row.currency, now=now,
            difference_minor=(row.closing_minor or 0) - books.minor,
        )  # fmt: skip
