"""What the providers' statements say, line by line, and what of it does not agree with the books (E15)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from core.money import Money
from escrow.states import LineKind, MatchStatus, TicketProblem, TicketStatus


class StatementFile(models.Model):
    """A statement as it was fetched or handed in. The same bytes are read once; a corrected re-issue is a new file."""

    gateway = models.CharField(max_length=20)
    day = models.DateField()
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    raw = models.BinaryField()
    lines = models.PositiveIntegerField(default=0)
    closing_minor = models.BigIntegerField(null=True)  # what lies there at the day's end, when the file says so
    currency = models.CharField(max_length=3, blank=True)
    handed_in_by = models.UUIDField(null=True)  # None: fetched from the provider
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["gateway", "sha256"], name="statement_file_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["gateway", "-day"], name="statement_newest")]

    def __str__(self) -> str:
        return f"{self.gateway} {self.day}"


class StatementLine(models.Model):
    """
    One movement at the provider; ``gross_minor`` is signed as on our account there (in is positive), ``fee_minor`` is
    what the provider kept of it.
    """

    file = models.ForeignKey(StatementFile, models.PROTECT, related_name="rows")
    gateway = models.CharField(max_length=20)
    ext_id = models.CharField(max_length=120)  # the provider's number of this movement
    kind = models.CharField(max_length=12, choices=LineKind)
    gross_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=120, blank=True)  # our key, or the provider's number of the payment
    at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=MatchStatus, default=MatchStatus.OPEN)
    transfer_id = models.BigIntegerField(null=True)  # the movement of ours that it clears

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["gateway", "ext_id"], name="statement_line_once"),
            models.UniqueConstraint(
                fields=["transfer_id"], condition=Q(transfer_id__isnull=False), name="statement_clears_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["gateway", "status", "at"], name="statement_line_work")]

    def __str__(self) -> str:
        return f"{self.gateway} {self.ext_id}"

    @property
    def gross(self) -> Money:
        return Money(self.gross_minor, self.currency)

    @property
    def fee(self) -> Money:
        return Money(self.fee_minor, self.currency)

    @property
    def tone(self) -> str:
        """How much it needs somebody."""
        settled = self.status in (MatchStatus.MATCHED, MatchStatus.EXPLAINED)
        return "safe" if settled else "danger" if self.status == MatchStatus.DIFFERS else "wait"


class Ticket(models.Model):
    """A difference between a statement and the books, until somebody has explained it."""

    gateway = models.CharField(max_length=20)
    day = models.DateField()
    problem = models.CharField(max_length=20)  # unknown_line, amount, missing_line, changed_line, balance, no_statement
    line = models.ForeignKey(StatementLine, models.PROTECT, null=True, related_name="tickets")
    transfer_id = models.BigIntegerField(null=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=10, choices=TicketStatus, default=TicketStatus.OPEN)
    owner = models.UUIDField(null=True)
    note = models.CharField(max_length=500, blank=True)  # what it turned out to be
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["gateway", "problem", "line"], condition=Q(line__isnull=False), name="ticket_once_per_line"
            ),
            models.UniqueConstraint(
                fields=["gateway", "problem", "transfer_id"],
                condition=Q(line__isnull=True, transfer_id__isnull=False),
                name="ticket_once_per_transfer",
            ),
            models.UniqueConstraint(
                fields=["gateway", "currency"], condition=Q(problem="no_statement"), name="ticket_once_for_silence"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.day} {self.problem}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def is_open(self) -> bool:
        return self.status == TicketStatus.OPEN

    @property
    def problem_text(self) -> str:
        return str(dict(TicketProblem.choices).get(self.problem, self.problem))

    @property
    def is_silence(self) -> bool:
        """Whether it is about a provider of which no statement ever came; its amount is what should lie there."""
        return self.problem == TicketProblem.SILENT

    @property
    def can_be_set_aside(self) -> bool:
        """Whether it is about money that came in and that nobody knows."""
        line = self.line
        is_unknown = self.problem == TicketProblem.UNKNOWN and self.is_open
        return is_unknown and line is not None and line.gross_minor > 0 and line.status == MatchStatus.UNKNOWN
