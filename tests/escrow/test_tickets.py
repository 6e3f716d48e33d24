"""Differences that staff work off, and statements that are fetched by themselves."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock
from core.actor import Actor
from core.errors import NotFound
from core.models import AuditEntry
from escrow import gateways, ledger
from escrow.errors import NoExplanation, NotAnArrival, TicketClosed, TicketTaken
from escrow.gateways.base import Statement, Unavailable
from escrow.models import Receipt, StatementFile, Ticket
from escrow.queries import books
from escrow.services import daily_check, statement_files, tickets
from escrow.statements.reading import CHINA
from flows import statements as flow
from tests.escrow import statement_rows as given
from tests.escrow.statement_rows import line, row, take_in
from tests.factories.accounts import MediatorFactory
from tests.factories.escrow import ScriptedGateway, held

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture(autouse=True)
def books_balance():
    yield
    assert books().discrepancies == []


@pytest.fixture
def staff():
    return Actor(user_id=MediatorFactory().pk, is_mediator=True)


# --- tickets ----------------------------------------------------------------------


@pytest.fixture
def ticket():
    take_in(row("TX9", "payment", 3_000))
    return Ticket.objects.get()


def test_a_ticket_is_taken_taken_over_and_explained_on_the_record(ticket, staff):
    other = Actor(user_id=MediatorFactory().pk, is_mediator=True)
    tickets.take(ticket_id=ticket.pk, actor=staff)
    with pytest.raises(TicketTaken):
        tickets.explain(ticket_id=ticket.pk, note="mine now", actor=other, now=clock.now())
    tickets.take(ticket_id=ticket.pk, actor=other)
    with pytest.raises(NoExplanation):
        tickets.explain(ticket_id=ticket.pk, note="  ", actor=other, now=clock.now())
    tickets.explain(ticket_id=ticket.pk, note="A deposit of our own", actor=other, now=clock.now())
    for act in (
        lambda: tickets.take(ticket_id=ticket.pk, actor=staff),
        lambda: tickets.explain(ticket_id=ticket.pk, note="again", actor=other, now=clock.now()),
    ):
        with pytest.raises(TicketClosed):
            act()
    ticket.refresh_from_db()
    assert (ticket.status, ticket.owner, ticket.note) == ("closed", other.user_id, "A deposit of our own")
    acts = AuditEntry.objects.filter(subject_type="ticket", subject=str(ticket.pk)).order_by("pk")
    assert [entry.act for entry in acts] == ["ticket.taken", "ticket.taken", "ticket.explained"]
    assert line("TX9").status == "explained"
    with pytest.raises(NotFound):
        tickets.take(ticket_id=10**9, actor=staff)


def test_unknown_money_that_came_in_is_set_aside_when_staff_say_so(ticket, staff):
    flow.set_aside(ticket_id=ticket.pk, actor=staff, now=clock.now())
    receipt = Receipt.objects.get()
    assert (receipt.outcome, receipt.payment, receipt.reason) == ("parked", None, "unknown")
    assert str(receipt.reason_text)
    assert ledger.balance(ledger.account("suspense:sandbox:CNY")) == 3_000
    assert line("TX9").status == "matched"
    assert (given.tickets(), given.tickets("closed")) == ([], [("unknown_line", 3_000)])
    with pytest.raises(TicketClosed):
        flow.set_aside(ticket_id=ticket.pk, actor=staff, now=clock.now())


def test_what_went_out_cannot_be_set_aside(staff):
    take_in(row("TX9", "other", -3_000))
    with pytest.raises(NotAnArrival):
        flow.set_aside(ticket_id=Ticket.objects.get().pk, actor=staff, now=clock.now())
    assert not Receipt.objects.exists()


def test_lines_that_stay_unknown_are_written_once_and_only_looked_at_at_each_tick():
    """Seen red: three statements a line every quarter of an hour, two minutes for sixty thousand."""
    take_in(*(row(f"U{n}", "payment", 100 + n) for n in range(40)))
    with CaptureQueriesContext(connection) as asked:
        flow.compare(gateway="sandbox", now=clock.now())
    written = [one["sql"] for one in asked if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert (written, len(given.tickets())) == ([], 40)
    assert len(asked) < 40


# --- fetching ----------------------------------------------------------------------


def at_china(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 4, hour, minute, tzinfo=CHINA)


class TellingGateway(ScriptedGateway):
    """Gives an empty statement of each day, or fails."""

    def __init__(self, *, down: int = 0) -> None:
        super().__init__()
        self.down, self.days, self.never = down, [], set()

    def statement(self, *, day):
        self.days.append(day)
        if self.down or day in self.never:
            self.down = max(self.down - 1, 0)
            raise Unavailable
        return Statement(f"{day}.json", b'{"rows": []}', ())


def test_a_days_statement_is_fetched_the_day_after_from_half_past_ten_on():
    bank = TellingGateway()
    with gateways.use("sandbox", bank):
        flow.fetch(now=at_china(10, 29))
        flow.fetch(now=at_china(10, 30))
        flow.fetch(now=at_china(11))
    assert bank.days == [date(2026, 11, 2), date(2026, 11, 3)]
    assert StatementFile.objects.count() == 2


def test_a_bank_that_does_not_answer_is_asked_again_and_days_are_caught_up():
    bank = TellingGateway(down=2)
    with gateways.use("sandbox", bank):
        assert flow.fetch(now=at_china(11)) == 0
        assert flow.fetch(now=at_china(12)) == 0
        assert flow.fetch(now=at_china(13)) == 1
        assert flow.fetch(now=at_china(13) + timedelta(days=3)) == 3
    assert bank.days[-3:] == [date(2026, 11, 4), date(2026, 11, 5), date(2026, 11, 6)]
    assert flow.due_days("sandbox", now=at_china(13) + timedelta(days=60))[0] > date(2026, 12, 25)


def test_a_day_that_came_late_is_not_forgotten_for_a_later_one():
    bank = TellingGateway()
    with gateways.use("sandbox", bank):
        flow.fetch(now=at_china(11))
        bank.never = {date(2026, 11, 4)}
        flow.fetch(now=at_china(11) + timedelta(days=2))
        bank.never = set()
        assert flow.due_days("sandbox", now=at_china(11) + timedelta(days=2)) == [date(2026, 11, 4)]
        assert flow.fetch(now=at_china(11) + timedelta(days=2)) == 1
    assert StatementFile.objects.count() == 3


def test_the_day_of_the_first_money_is_caught_up_though_no_statement_ever_came():
    """As at Alipay, which has no file for a day without money: seen red while only fetched days counted."""
    today = clock.now().astimezone(CHINA).replace(hour=11)
    days = [today.date() + timedelta(days=n) for n in range(-1, 3)]
    later = today + timedelta(days=3)
    assert flow.due_days("sandbox", now=later) == [days[3]]
    held()
    assert flow.due_days("sandbox", now=today) == [days[0]], "the day of the money is not over"
    assert flow.due_days("sandbox", now=later) == days[1:]
    assert flow.due_days("sandbox", now=today + timedelta(days=30)) == [today.date() + timedelta(days=29)]


class SilentGateway(ScriptedGateway):
    """Says without a file that nothing moved."""

    def statement(self, *, day):
        return Statement(f"{day}.csv", b"", ())


def test_a_day_without_a_file_is_an_empty_day():
    with gateways.use("sandbox", SilentGateway()):
        assert flow.fetch(now=at_china(11)) == 1
        assert flow.fetch(now=at_china(12)) == 0
    assert StatementFile.objects.get().lines == 0


# --- a provider that says nothing ----------------------------------------------------------------------


def test_a_provider_whose_statements_never_come_is_one_ticket_until_the_first_comes(settings, client):
    held(), held()
    bank = TellingGateway(down=10**6)
    late = clock.now() + timedelta(days=settings.STATEMENT_MISSING_DAYS, hours=1)
    with gateways.use("sandbox", bank):
        flow.fetch(now=late - timedelta(hours=2))
        assert given.tickets() == []
        flow.fetch(now=late)
        flow.fetch(now=late + timedelta(days=1))
        assert given.tickets() == [("no_statement", 2 * 12_800)]
        client.force_login(MediatorFactory())
        page = client.get(reverse("console:ticket", args=[Ticket.objects.get().pk])).content.decode()
        assert page.count(reverse("console:statement-upload")) == 1
        bank.down = 0
        flow.fetch(now=late + timedelta(days=2))
    assert given.tickets("closed") == [("no_statement", 2 * 12_800)]
    assert [problem for problem, _minor in given.tickets()] == ["missing_line", "missing_line"]


class BrokenGateway(ScriptedGateway):
    """Set up with a key that is none."""

    def statement(self, *, day):
        raise ValueError("Unable to load PEM file.")


def test_a_provider_whose_key_is_none_keeps_no_other_from_its_turn_and_is_missed_itself(settings):
    """Red before: what the ticket says may be at fault, the key, ended the round before anything was looked for."""
    held()
    late = (clock.now() + timedelta(days=settings.STATEMENT_MISSING_DAYS + 1)).astimezone(CHINA).replace(hour=11)
    with gateways.use("alipay", BrokenGateway()), gateways.use("sandbox", BrokenGateway()):
        assert flow.fetch(now=late) == 0
    assert given.tickets() == [("no_statement", 12_800)]
    with gateways.use("alipay", BrokenGateway()), gateways.use("sandbox", SilentGateway()):
        assert flow.fetch(now=late) > 0
    assert ("no_statement", 12_800) in given.tickets("closed")


def test_a_provider_where_nothing_moves_may_say_nothing():
    with gateways.use("sandbox", TellingGateway(down=10**6)):
        flow.fetch(now=clock.now() + timedelta(days=30))
    assert given.tickets() == []


def test_a_statement_that_was_only_looked_at_does_not_end_the_silence_and_one_taken_in_does(settings):
    held()
    late = clock.now() + timedelta(days=settings.STATEMENT_MISSING_DAYS, hours=1)
    looked_at = Statement("x.json", b'{"rows": []}', ())
    statement_files.keep(
        gateway="sandbox", day=date(2026, 11, 2), statement=looked_at, handed_in_by=MediatorFactory().pk,
        currency="CNY", now=late,
    )  # fmt: skip
    daily_check.look_for_silence(gateway="sandbox", now=late)
    assert given.tickets() == [("no_statement", 12_800)]
    take_in(row("FEE0", "fee", 0, fee=1))
    assert (given.tickets(), given.tickets("closed")) == ([], [("no_statement", 12_800)])
