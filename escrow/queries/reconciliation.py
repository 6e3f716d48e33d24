"""What the providers' statements say beside the books: per provider and day, the tickets, and closing balances."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Sum

from core.money import Money
from escrow.gateways.base import StatementRow
from escrow.models import Account, Chargeback, Hold, StatementFile, StatementLine, Ticket, Transfer, TransferKind
from escrow.queries import ours
from escrow.statements import NAMES
from escrow.statements.reading import CHINA
from escrow.states import LineKind, MatchStatus, TicketStatus

NEAR = timedelta(days=3)  # how far apart our booking and the provider's may lie
LOOK_BACK = timedelta(days=14)  # what is missing longer has its ticket


@dataclass(slots=True)
class Day:
    """One provider's day. ``missing``: movements of ours without a line; ``net``: gross less fee, per currency."""

    gateway: str
    day: date
    counts: dict[str, int] = field(default_factory=dict)
    fees: dict[str, int] = field(default_factory=dict)
    nets: dict[str, int] = field(default_factory=dict)
    missing: int = 0
    tickets: int = 0
    workers: set[str] = field(default_factory=set)
    closing: Money | None = None
    books: Money | None = None

    @property
    def name(self) -> str:
        return str(NAMES.get(self.gateway, self.gateway))

    @property
    def lines(self) -> int:
        return sum(self.counts.values())

    @property
    def fee(self) -> list[Money]:
        return [Money(minor, currency) for currency, minor in sorted(self.fees.items()) if minor]

    @property
    def net(self) -> list[Money]:
        return [Money(minor, currency) for currency, minor in sorted(self.nets.items())]

    @property
    def matched(self) -> int:
        return self.counts.get(MatchStatus.MATCHED, 0) + self.counts.get(MatchStatus.EXPLAINED, 0)

    @property
    def differs(self) -> int:
        return self.counts.get(MatchStatus.DIFFERS, 0)

    @property
    def unknown(self) -> int:
        return self.counts.get(MatchStatus.UNKNOWN, 0) + self.counts.get(MatchStatus.OPEN, 0)

    @property
    def agrees(self) -> bool | None:
        """Whether the closing balance is what the books say; None: the statement names none."""
        return None if self.closing is None else self.closing == self.books


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """A statement's day: from midnight to midnight in China."""
    start = datetime.combine(day, time(), CHINA)
    return start, start + timedelta(days=1)


def china_day(at: datetime) -> date:
    return at.astimezone(CHINA).date()


# A statement counts once its lines are taken in; one that was handed in and only looked at does not.
TAKEN_IN = Q(lines__gt=0) | Q(handed_in_by=None)


def files(*, gateway: str = "", since: date, until: date) -> list[StatementFile]:
    """Statements of these days, newest first; without their bytes."""
    rows = StatementFile.objects.filter(day__gte=since, day__lte=until).defer("raw")
    rows = rows.filter(gateway=gateway) if gateway else rows
    return list(rows.order_by("-day", "gateway", "-pk"))


def days(*, gateway: str = "", since: date, until: date) -> list[Day]:
    """Each provider's days that have a statement, lines or tickets, newest first."""
    found: dict[tuple[str, date], Day] = {}

    def at(name: str, day: date) -> Day:
        return found.setdefault((name, day), Day(name, day))

    only = {"gateway": gateway} if gateway else {}
    for file in reversed(files(gateway=gateway, since=since, until=until)):
        row = at(file.gateway, file.day)
        if file.closing_minor is not None and (file.lines or file.handed_in_by is None):
            row.closing = Money(file.closing_minor, file.currency)
    first, last = day_bounds(since)[0], day_bounds(until)[1]
    lines = StatementLine.objects.filter(at__gte=first, at__lt=last, **only)
    # One statement a day is some thousand lines: they are counted here, where a day is China's on both databases.
    for name, moment, status, currency, gross, fee in lines.values_list(
        "gateway", "at", "status", "currency", "gross_minor", "fee_minor"
    ).iterator():
        row = at(name, china_day(moment))
        row.counts[status] = row.counts.get(status, 0) + 1
        row.fees[currency] = row.fees.get(currency, 0) + fee
        row.nets[currency] = row.nets.get(currency, 0) + gross - fee
    _count_tickets(at, Ticket.objects.filter(day__gte=since, day__lte=until, **only))
    for row in found.values():
        if row.closing is not None:
            row.books = balance_at(row.gateway, row.closing.currency, day_bounds(row.day)[1])
    return sorted(found.values(), key=lambda row: (-row.day.toordinal(), row.gateway))


def _count_tickets(at: Callable[[str, date], Day], rows: QuerySet[Ticket]) -> None:
    for name, day, problem, status, owner in rows.values_list("gateway", "day", "problem", "status", "owner"):
        row = at(name, day)
        is_open = status == TicketStatus.OPEN
        row.tickets += is_open
        row.missing += is_open and problem == "missing_line"
        if owner:
            row.workers.add(str(owner))


def lines_of(*, gateway: str, day: date, status: str = "") -> QuerySet[StatementLine]:
    """A provider's lines of a day, in the order of the day."""
    start, end = day_bounds(day)
    rows = StatementLine.objects.filter(gateway=gateway, at__gte=start, at__lt=end)
    return (rows.filter(status=status) if status else rows).order_by("at", "pk")


def tickets(*, view: str = "open", gateway: str = "") -> QuerySet[Ticket]:
    """Tickets that are open, oldest first, or the explained ones, newest first."""
    rows = Ticket.objects.select_related("line")
    rows = rows.filter(gateway=gateway) if gateway else rows
    if view == "closed":
        return rows.filter(status=TicketStatus.CLOSED).order_by("-closed_at", "-pk")
    return rows.filter(status=TicketStatus.OPEN).order_by("opened_at", "pk")


def balance_at(gateway: str, currency: str, end: datetime) -> Money:
    """
    What our books say lay at a provider at an instant: movements at the time of the provider's clock where a line says
    it, and its fees by the lines they are of, whenever they were booked.
    """
    account = Account.objects.filter(key=f"provider:{gateway}:{currency}").first()
    if account is None:
        return Money(0, currency)
    moved = Transfer.objects.filter(Q(debit=account) | Q(credit=account)).exclude(kind=TransferKind.PROVIDER_FEE)
    sums = moved.filter(at__lt=end).aggregate(
        into=Sum("amount", filter=Q(debit=account)), out=Sum("amount", filter=Q(credit=account))
    )
    lines = StatementLine.objects.filter(gateway=gateway, currency=currency)
    counting = Q(kind="fee") | Q(status__in=(MatchStatus.MATCHED, MatchStatus.DIFFERS, MatchStatus.EXPLAINED))
    fees = lines.filter(counting, at__lt=end).aggregate(n=Sum("fee_minor"))["n"] or 0
    early = _straddling(lines.filter(at__gte=end - NEAR, at__lt=end), moved.filter(at__gte=end))
    late = _straddling(lines.filter(at__gte=end, at__lt=end + NEAR), moved.filter(at__lt=end))
    return Money((sums["into"] or 0) - (sums["out"] or 0) - fees + early - late, currency)


def _straddling(lines: QuerySet[StatementLine], moved: QuerySet[Transfer]) -> int:
    """The gross of matched lines whose movement of ours lies on the other side of midnight."""
    ours_there = Exists(moved.filter(pk=OuterRef("transfer_id")))
    return lines.filter(ours_there, status=MatchStatus.MATCHED).aggregate(n=Sum("gross_minor"))["n"] or 0


def newest_closing(gateway: str, currency: str) -> tuple[Money, datetime] | None:
    """The newest closing balance that a statement names, with what our books say has moved since; and of when it is."""
    file = (
        StatementFile.objects.filter(gateway=gateway, currency=currency, closing_minor__isnull=False)
        .filter(TAKEN_IN)
        .defer("raw")
        .order_by("-day", "-pk")
        .first()
    )
    if file is None or file.closing_minor is None:
        return None
    end = day_bounds(file.day)[1]
    account = Account.objects.filter(key=f"provider:{gateway}:{currency}").first()
    since = Transfer.objects.filter(Q(debit=account) | Q(credit=account), at__gte=end).exclude(
        kind=TransferKind.PROVIDER_FEE
    )
    sums = since.aggregate(into=Sum("amount", filter=Q(debit=account)), out=Sum("amount", filter=Q(credit=account)))
    return Money(file.closing_minor + (sums["into"] or 0) - (sums["out"] or 0), currency), end


@dataclass(frozen=True, slots=True)
class Missing:
    """A movement of ours at a provider that no line clears; ``transfer_id`` is its first transfer."""

    transfer_id: int
    minor: int
    currency: str
    at: datetime


def missing(*, gateway: str, now: datetime) -> list[Missing]:
    """Movements older than ``STATEMENT_MISSING_DAYS`` without a line, since this provider's first statement."""
    first = StatementFile.objects.filter(TAKEN_IN, gateway=gateway).aggregate(day=Min("day"))["day"]
    if first is None:
        return []
    until = now - timedelta(days=settings.STATEMENT_MISSING_DAYS)
    since = max(day_bounds(first)[0], until - LOOK_BACK)
    rows = _movements(gateway).filter(at__gte=since, at__lt=until).annotate(into=F("debit__kind")).order_by("pk")
    found: dict[object, Missing] = {}
    moved = list(rows.values_list("pk", "kind", "ref", "amount", "currency", "at", "into"))
    groups = _groups((kind, ref) for _pk, kind, ref, *_rest in moved)
    for pk, kind, ref, amount, currency, at, into in moved:
        minor = amount if into == "provider" else -amount
        group = groups.get((kind, ref), (kind, ref))
        before = found.get(group)
        found[group] = (
            Missing(before.transfer_id, before.minor + minor, currency, before.at)
            if before
            else Missing(pk, minor, currency, at)
        )
    cleared = StatementLine.objects.filter(transfer_id__in=[one.transfer_id for one in found.values()])
    there = set(cleared.values_list("transfer_id", flat=True))
    return [one for one in found.values() if one.transfer_id not in there]


def silence(*, gateway: str, now: datetime) -> tuple[date, list[Money]] | None:
    """
    The day since which money moves at a provider of which no statement ever came, and what our books say lies there.

    None when one came, or while the first movement is younger than ``STATEMENT_MISSING_DAYS``.
    """
    if StatementFile.objects.filter(TAKEN_IN, gateway=gateway).exists():
        return None
    first = _movements(gateway).order_by("pk").values_list("at", flat=True).first()
    if first is None or first >= now - timedelta(days=settings.STATEMENT_MISSING_DAYS):
        return None
    currencies = Account.objects.filter(kind="provider", key__startswith=f"provider:{gateway}:").order_by("currency")
    return china_day(first), [balance_at(gateway, one, now) for one in currencies.values_list("currency", flat=True)]


def first_movement(*, gateway: str, since: datetime) -> datetime | None:
    """When money first moved at a provider, of what moved from ``since`` on; a statement has to tell of it."""
    at: datetime | None = _movements(gateway).filter(at__gte=since).aggregate(at=Min("at"))["at"]
    return at


def _movements(gateway: str) -> QuerySet[Transfer]:
    accounts = list(Account.objects.filter(kind="provider", key__startswith=f"provider:{gateway}:"))
    return Transfer.objects.filter(Q(debit__in=accounts) | Q(credit__in=accounts), kind__in=ours.AT_PROVIDER)


def _groups(keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], object]:
    """A payment's captures belong together, one for each hold; so do the parts of a chargeback."""
    captures, taken = set(), set()
    for kind, ref in keys:
        if kind == TransferKind.CAPTURE:
            captures.add(ref)
        elif kind in (*ours.TAKEN, *ours.WON):
            taken.add((kind, ref))
    found: dict[tuple[int, int], object] = {
        (int(TransferKind.CAPTURE), pk): ("payment", payment)
        for pk, payment in Hold.objects.filter(pk__in=captures).values_list("pk", "payment_id")
    }
    rows = Chargeback.objects.filter(pk__in={ref for _kind, ref in taken}).values_list("pk", "gateway_ref")
    refs = dict(rows)
    return found | {(kind, ref): (kind, refs[ref]) for kind, ref in taken if ref in refs}


def movement(ticket: Ticket) -> tuple[str, Money, datetime] | None:
    """Our side of a difference: what it was, how much as on our account there, and when; None if there is no side."""
    pk = ticket.transfer_id or (ticket.line.transfer_id if ticket.line else None)
    first = Transfer.objects.select_related("debit").filter(pk=pk).first() if pk else None
    if first is None:
        return None
    sign = 1 if first.debit.kind == "provider" else -1
    return TransferKind(first.kind).name, Money(sign * first.amount, first.currency), first.at


def open_tickets() -> int:
    return Ticket.objects.filter(status=TicketStatus.OPEN).count()


def sums_of(rows: Iterable[StatementRow]) -> list[tuple[str, int, Money, Money, Money]]:
    """Kind, how many, gross, fee and net of a statement's rows, by kind and currency."""
    found: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        part = found.setdefault((row.kind, row.gross.currency), [0, 0, 0])
        part[0], part[1], part[2] = part[0] + 1, part[1] + row.gross.minor, part[2] + row.fee.minor
    words = dict(LineKind.choices)
    return [
        (str(words[kind]), count, Money(gross, unit), Money(fee, unit), Money(gross - fee, unit))
        for (kind, unit), (count, gross, fee) in sorted(found.items())
    ]
