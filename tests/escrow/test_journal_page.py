"""The accountant's journal: both legs of every transfer, sums that are equal, for staff alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from core import clock
from core.actor import SYSTEM
from core.money import Money
from escrow.models import Transfer
from escrow.queries import journal
from escrow.services import holds
from tests.core.test_exports import body, sheets
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.escrow import OrderFactory, held
from tests.stories import paid_order

pytestmark = [pytest.mark.django_db, pytest.mark.money]
PAGE = "/console/journal/"


@pytest.fixture(autouse=True)
def english(client):
    client.cookies["django_language"] = "en"
    client.force_login(MediatorFactory())
    with translation.override("en"):
        yield


@pytest.fixture
def hold():
    """1000 in, 370 back, 630 released with a fee of 32; and another order's 500 in."""
    hold = held(1_000)
    held(order=OrderFactory(items_minor=500))
    holds.split(order_id=hold.order_id, refund_minor=370, actor=SYSTEM, reason="ruling", now=clock.now())
    return hold


def legs(client, **asked):
    return client.get(PAGE, asked).context["legs"]


def test_every_transfer_stands_there_with_both_legs(client, hold):
    found = legs(client)
    assert len(found) == 2 * Transfer.objects.count()
    for debit, credit in zip(found[::2], found[1::2], strict=True):
        assert debit.transfer == credit.transfer
        assert debit.debit == credit.credit
        assert debit.credit is None
        assert (debit.account, credit.account) == (debit.transfer.debit.key, debit.transfer.credit.key)
    (total,) = client.get(PAGE).context["totals"]
    assert total.debit == total.credit == Money(sum(Transfer.objects.values_list("amount", flat=True)))


def test_of_one_account_its_own_sums_are_told(client, hold):
    (total,) = client.get(PAGE, {"account": "escrow"}).context["totals"]
    assert (total.own_debit.minor, total.own_credit.minor) == (1_000, 1_500)
    assert total.is_equal
    key = f"merchant:{hold.store_id}:CNY"
    (total,) = client.get(PAGE, {"account": key}).context["totals"]
    assert total.own_credit.minor == 630 - 32
    assert {leg.transfer.pk for leg in legs(client, account=key)} == {Transfer.objects.get(credit__key=key).pk}
    assert legs(client, account="nothing:x") == []


def test_it_is_searched_by_order_and_by_reference(client, hold):
    mine = {leg.transfer.pk for leg in legs(client, q=hold.order.number)}
    assert mine == {move.pk for move in Transfer.objects.exclude(amount=500)}
    some = Transfer.objects.order_by("pk").last()
    assert some.pk in {leg.transfer.pk for leg in legs(client, q=str(some.pk))}
    assert hold.pk in {leg.transfer.ref for leg in legs(client, q=f"H{hold.pk}")}
    for nonsense in ("nothing", "9" * 19, "9" * 30, "0", "' or 1=1", "²"):
        assert legs(client, q=nonsense) == []


def test_it_begins_with_this_month_and_takes_any_dates(client, hold):
    day = timezone.localtime(clock.now()).date()
    with clock.at(clock.now() - timedelta(days=400)):
        held(300)
    assert {leg.transfer.amount for leg in legs(client)}.isdisjoint({300})
    assert {leg.transfer.amount for leg in legs(client, until=(day - timedelta(days=300)).isoformat())} == {300}
    assert {leg.transfer.amount for leg in legs(client, since=day.isoformat(), until="x")}.isdisjoint({300})
    assert client.get(PAGE, {"since": "0001-01-01", "until": "9999-12-31", "page": "x"}).status_code == 200


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_day_it_begins_with_stands_in_its_field_as_a_browser_reads_days(client, language):
    client.cookies["django_language"] = language
    first = timezone.localtime(clock.now()).date().replace(day=1)
    assert f'name="since" value="{first:%Y-%m-%d}"' in client.get(PAGE).content.decode()


def test_the_files_hold_both_legs_and_equal_columns(client, hold):
    rows = [row.split(",") for row in body(client.get(reverse("console:journal-csv"))).decode("utf-8-sig").splitlines()]
    assert len(rows) == 1 + 2 * Transfer.objects.count()
    debits, credits = ([row[at] for row in rows[1:] if row[at]] for at in (5, 6))
    assert sorted(debits) == sorted(credits)
    ((_head, *found),) = sheets(client.get(reverse("console:journal-xlsx"), {"q": hold.order.number}))
    assert len(found) == 2 * (Transfer.objects.count() - 1)


def test_a_page_takes_few_queries_whatever_is_on_it(client, hold, django_assert_max_num_queries):
    for _ in range(10):
        held(100)
    client.get(PAGE)
    with django_assert_max_num_queries(12):
        client.get(PAGE)


def test_it_is_for_staff_alone(client, hold):
    client.force_login(UserFactory())
    for name in ("journal", "journal-csv", "journal-xlsx"):
        assert client.get(reverse(f"console:{name}")).status_code == 404


def test_books_that_do_not_balance_are_seen(monkeypatch):
    total = journal.Total("CNY", Money(1), Money(2), Money(0), Money(0))
    assert not total.is_equal


def test_an_orders_postings_show_what_each_left_in_escrow(client):
    order = paid_order()
    hold = order.hold
    holds.split(order_id=order.pk, refund_minor=100, actor=SYSTEM, reason="ruling", now=clock.now())
    answer = client.get(reverse("console:order", args=[order.number]))
    found = [(move["kind"], move["held"].minor) for move in answer.context["postings"]]
    assert found[0][1] == hold.amount_minor
    assert found[-1][1] == 0
    assert all(left >= 0 for _kind, left in found)
    assert f"{PAGE}?q={order.number}" in answer.content.decode()
