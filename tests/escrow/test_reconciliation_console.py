"""The console's pages for reconciliation: days, differences, statements handed in, files."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core import clock
from escrow.models import Receipt, StatementFile, StatementLine, Ticket
from escrow.queries import reconciliation as found
from escrow.queries.reconciliation import china_day
from tests.disputes.rooms import mediator, stranger
from tests.escrow import statement_rows as given
from tests.escrow.statement_rows import row, take_in
from tests.factories.escrow import held

pytestmark = pytest.mark.django_db
GOLDEN = Path(__file__).parent / "statements"
HOME = "console:reconciliation"


@pytest.fixture
def staff():
    person, client = mediator()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return person, client


def day_url(name: str = "console:reconciliation-day", gateway: str = "sandbox") -> str:
    return reverse(name, args=[gateway, china_day(clock.now())])


def differing() -> Ticket:
    receipt = held().payment.receipts.get()
    take_in(row(receipt.gateway_ref, "payment", 12_700, fee=76), closing=12_700)
    return Ticket.objects.get(problem="amount")


def pages(pk: int) -> list[str]:
    return [
        reverse(HOME), reverse("console:tickets-file"), reverse("console:ticket", args=[pk]),
        reverse("console:statement-upload"),
        reverse("console:statement-file", args=[StatementFile.objects.latest("pk").pk]), day_url(),
        day_url("console:reconciliation-day-file"),
    ]  # fmt: skip


def test_the_pages_are_for_staff_alone(staff):
    ticket = differing()
    outsider = stranger()
    for url in pages(ticket.pk):
        assert staff[1].get(url).status_code == 200
        assert outsider.get(url).status_code == 404
        assert outsider.post(url).status_code in (404, 405)
    ticket.refresh_from_db()
    assert ticket.owner is None


def test_a_provider_s_day_with_its_numbers(staff):
    differing()
    text = staff[1].get(reverse(HOME)).content.decode()
    assert "¥0.76" in text
    assert "¥127.00" in text
    assert "¥127.24" in text  # our books: 128.00 less the fee
    assert 'aria-current="page"' in text
    of_day = staff[1].get(day_url()).content.decode()
    assert "¥127.24" in of_day
    assert staff[1].get(day_url() + "?status=matched").status_code == 200


@pytest.mark.parametrize(
    "query", ["gateway=x&until=y", "until=9999-99-99", "until=0001-01-01", "view=z&page=z", "gateway=stripe"]
)
def test_filters_that_make_no_sense_are_left_out(staff, query):
    assert staff[1].get(f"{reverse(HOME)}?{query}").status_code == 200


@pytest.mark.parametrize(
    ("gateway", "day"), [("paypal", "2026-01-01"), ("sandbox", "yesterday"), ("sandbox", "0001-01-01")]
)
def test_days_that_are_none(staff, gateway, day):
    assert staff[1].get(reverse("console:reconciliation-day", args=[gateway, day])).status_code == 404


def test_a_difference_is_taken_and_explained(staff):
    user, client = staff
    ticket = differing()
    url = reverse("console:ticket", args=[ticket.pk])
    client.post(url, {"act": "take"})
    assert user.display_name in client.get(reverse(HOME)).content.decode()
    assert client.post(url, {"act": "explain", "note": " "}).status_code == 400
    answer = client.post(url, {"act": "explain", "note": "The payer's bank kept 1.00\x00"})
    assert answer.status_code == 302
    ticket.refresh_from_db()
    assert (ticket.status, ticket.owner, ticket.note) == ("closed", user.pk, "The payer's bank kept 1.00")
    closed = client.get(reverse(HOME) + "?view=closed").content.decode()
    assert "bank kept 1.00" in closed
    assert "bank kept 1.00" in client.get(reverse("console:tickets-file")).content.decode()
    assert "ticket.explained" in client.get(url).content.decode()


def test_a_colleague_s_difference_is_taken_over_first(staff):
    ticket = differing()
    url = reverse("console:ticket", args=[ticket.pk])
    staff[1].post(url, {"act": "take"})
    _, other = mediator()
    assert other.post(url, {"act": "explain", "note": "mine"}).status_code == 409
    other.post(url, {"act": "take"})
    assert other.post(url, {"act": "explain", "note": "mine now"}).status_code == 302


def test_unknown_money_is_set_aside_on_the_page(staff):
    take_in(row("TX9", "payment", 3_000))
    url = reverse("console:ticket", args=[Ticket.objects.get().pk])
    assert "set_aside" in staff[1].get(url).content.decode()
    assert staff[1].post(url, {"act": "set_aside"}).status_code == 302
    assert Receipt.objects.get().amount_minor == 3_000
    assert 'value="set_aside"' not in staff[1].get(url).content.decode()


def hand_in(client, raw: bytes, *, gateway="wechatpay", name="bill.csv", day="2026-11-02"):
    file = SimpleUploadedFile(name, raw, content_type="text/csv")
    return client.post(reverse("console:statement-upload"), {"gateway": gateway, "day": day, "file": file})


def test_a_file_is_shown_before_anything_of_it_counts(staff):
    client = staff[1]
    answer = hand_in(client, (GOLDEN / "wechat_tradebill.csv").read_bytes())
    page = client.get(answer.url).content.decode()
    assert not StatementLine.objects.exists()
    assert found.missing(gateway="wechatpay", now=clock.now()) == []
    for part in ("4200002026110212340001", "¥2,178.50", "¥13.07", "-¥33.00"):
        assert part in page
    again = hand_in(client, (GOLDEN / "wechat_tradebill.csv").read_bytes())
    assert again.url == answer.url
    taken = client.post(answer.url)
    assert taken.url == reverse("console:reconciliation-day", args=["wechatpay", "2026-11-02"])
    assert StatementLine.objects.count() == 4
    assert "Take these lines in" not in client.get(answer.url).content.decode()
    client.post(answer.url)
    assert StatementLine.objects.count() == 4
    file = StatementFile.objects.get()
    assert (file.handed_in_by, file.lines) == (staff[0].pk, 4)
    corrected = hand_in(client, (GOLDEN / "wechat_tradebill_reissued.csv").read_bytes())
    assert "Take these lines in" in client.get(corrected.url).content.decode()


def test_lines_that_cannot_be_read_are_named_and_nothing_is_kept(staff):
    raw = b"date,amount,reference\n2026-11-02,x,a\n2026-11-02,1.00,b\nnever,1.00,c\n"
    answer = hand_in(staff[1], raw, gateway="bank")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Line 2:" in page
    assert "Line 4:" in page
    assert not StatementFile.objects.exists()


@pytest.mark.parametrize(
    "change", [{"gateway": "paypal"}, {"day": "x"}, {"day": "0001-01-01"}, {"raw": b""}, {"raw": b"\x00"}]
)
def test_uploads_that_are_none(staff, change):
    fields = {"raw": (GOLDEN / "wechat_tradebill.csv").read_bytes(), **change}
    assert hand_in(staff[1], **fields).status_code == 422
    assert not StatementFile.objects.exists()


def test_the_files_are_guarded_against_formulas(staff):
    take_in(row("=1+1", "payment", 3_000, reference="=cmd()"))
    assert "'=cmd()" in staff[1].get(day_url("console:reconciliation-day-file")).content.decode()
    assert "'=1+1" in staff[1].get(reverse("console:tickets-file")).content.decode()
    assert given.tickets() == [("unknown_line", 3_000)]


def test_a_file_that_was_only_looked_at_says_nothing_of_the_day(staff):
    receipt = held().payment.receipts.get()
    take_in(row(receipt.gateway_ref, "payment", 12_800), closing=12_800)
    body = b'{"rows": [{"id": "X", "kind": "other", "gross": 1, "fee": 0, "currency": "CNY", "at": "%s"}], '
    raw = body % clock.now().isoformat().encode() + b'"closing": {"minor": 5, "currency": "CNY"}}'
    day = china_day(clock.now())
    assert hand_in(staff[1], raw, gateway="sandbox", name="x.json", day=str(day)).status_code == 302
    (shown,) = found.days(since=day, until=day)
    assert (shown.closing.minor, shown.agrees) == (12_800, True)
    assert found.newest_closing("sandbox", "CNY")[0].minor == 12_800
