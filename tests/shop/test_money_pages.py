"""A buyer's money over all orders, a store's statements, the fee schedule: on the page, in files, and on paper."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

import verify
from core import clock, policies
from core.models import Policy
from core.money import Money
from escrow import queries
from escrow.queries.buyers import buyer_money
from escrow.records import notes, sealer
from escrow.services import payments
from flows import release
from shop.forms.money import BuyerLinesForm, LinesForm
from tests.core.test_exports import body, sheets
from tests.factories.accounts import UserFactory
from tests.factories.escrow import movement
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import buyer_of, delivered_order, paid_order

pytestmark = [pytest.mark.django_db, pytest.mark.money]
MINE = "/me/money/"
STATEMENTS = "/merchant/money/statements/"


@pytest.fixture(autouse=True)
def english(client):
    client.cookies["django_language"] = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def buyer(client):
    """Two orders, one released, and money that fits neither."""
    buyer = UserFactory()
    variant = ProductFactory(price_minor=10_000).variants.get()
    done = delivered_order(buyer=buyer, variant=variant)
    release.confirm_receipt(order_id=done.pk, actor=buyer_of(done), now=clock.now())
    held = paid_order(buyer=buyer, variant=variant)
    payments.park(payment=held.payment, gateway="sandbox", movement=movement(77), reason="twice", now=clock.now())
    client.force_login(buyer)
    return buyer


@pytest.fixture
def store(client):
    """A release of 100.00 at 5 %."""
    store = StoreFactory()
    order = delivered_order(variant=ProductFactory(store=store, price_minor=10_000).variants.get())
    release.confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())
    client.force_login(store.owner)
    return store


def text_of(answer) -> str:
    return html.unescape(answer.content.decode())


def today():
    return timezone.localtime(clock.now()).date()


# --- the buyer --------------------------------------------------------------------------------------------------------


def test_a_buyers_page_adds_up(client, buyer):
    answer = client.get(MINE)
    assert [tile["amount"].minor for tile in answer.context["tiles"]] == [10_000, 77, 0]
    lines = answer.context["page"].object_list
    money = buyer_money(buyer.pk)
    assert lines[0].balance == money.held + money.parked
    assert sum((line.amount for line in lines), Money(0)) == lines[0].balance
    for line in lines:
        if line.order_number:
            assert reverse("shop:order-record", args=[line.order_number]) in text_of(answer)


def test_a_buyers_filters_stand_in_the_address(client, buyer):
    def amounts(**asked):
        return [line.amount.minor for line in client.get(MINE, asked).context["page"].object_list]

    assert amounts() == [77, 10_000, -10_000, 10_000]
    assert amounts(kind="release") == [-10_000]
    assert amounts(amount_to="0.77") == [77]
    assert amounts(amount_from="¥1.00", kind="capture") == [10_000, 10_000]
    assert amounts(since=(today() + timedelta(days=2)).isoformat()) == []
    number = queries.buyer_lines(buyer.pk)[-1].order_number
    assert amounts(order_number=number) == [-10_000, 10_000]
    assert amounts(amount_from="much", since="yesterday", kind="x", page="-1") == [77, 10_000, -10_000, 10_000]
    assert "No movement fits" in text_of(client.get(MINE, {"amount_from": "999999"}))


@pytest.mark.parametrize("name", ["my-money", "my-money-csv", "my-money-xlsx", "my-money-print"])
def test_a_buyers_money_is_his_alone(client, buyer, name):
    number = queries.buyer_lines(buyer.pk)[-1].order_number
    mine = body(client.get(reverse(f"shop:{name}")))
    assert number.encode() in mine or name.endswith("xlsx")
    client.force_login(UserFactory())
    other = client.get(reverse(f"shop:{name}"))
    assert other.status_code == 200
    assert number.encode() not in body(other)
    client.logout()
    assert client.get(reverse(f"shop:{name}")).status_code == 302


def test_a_buyers_files_hold_what_the_page_shows(client, buyer):
    answer = client.get(reverse("shop:my-money-csv"), {"kind": "release"})
    rows = body(answer).decode("utf-8-sig").splitlines()
    assert len(rows) == 2
    assert ",-100.00,CNY,0.00," in rows[1]
    ((head, *found),) = sheets(client.get(reverse("shop:my-money-xlsx")))
    assert [cell["text"] for cell in head][3:6] == ["Amount", "Currency", "Balance"]
    assert [row[3]["text"] for row in found] == ["0.77", "100", "-100", "100"]
    assert all(row[3]["format"] == "#,##0.00" for row in found)


def test_a_buyers_page_asks_the_database_a_bounded_number_of_times(client, buyer, django_assert_max_num_queries):
    client.get(MINE)
    with django_assert_max_num_queries(15):
        client.get(MINE)
    variant = ProductFactory(price_minor=500).variants.get()
    for _ in range(5):
        paid_order(buyer=buyer, variant=variant)
    with django_assert_max_num_queries(15):
        assert len(client.get(MINE).context["page"].object_list) == 9


def test_paper_says_what_it_was_narrowed_to(client, buyer):
    text = text_of(client.get(reverse("shop:my-money-print"), {"kind": "release", "amount_from": "1"}))
    assert "Releases to stores" in text
    assert ">1.00<" in text
    assert "data-print" in text


def test_only_so_many_lines_go_on_paper(client, buyer, monkeypatch):
    monkeypatch.setattr("shop.views.buyer_money.ON_PAPER", 2)
    monkeypatch.setattr("shop.views.money_rows.ON_PAPER", 2)
    answer = client.get(reverse("shop:my-money-print"))
    assert len(answer.context["lines"]) == 2
    assert "Only the newest 2 movements" in text_of(answer)


def test_filters_are_told_in_words():
    form = LinesForm({"kind": "release", "amount_to": "12", "since": "2026-11-01", "until": "no day"})
    assert form.wanted().keys() == {"kind", "max_minor", "since"}
    assert form.told() == [("What", "Releases"), ("From", "2026-11-01"), ("Amount up to", "12.00")]
    assert BuyerLinesForm({"amount_from": "0"}).wanted() == {"min_minor": 0}


# --- the store's account ----------------------------------------------------------------------------------------------


def test_a_stores_account_is_filtered_by_amount_and_leaves_as_workbook_and_paper(client, store):
    page = reverse("merchant:money")
    assert len(client.get(page, {"amount_from": "95", "amount_to": "95"}).context["page"].object_list) == 1
    assert client.get(page, {"amount_from": "95.01"}).context["page"].object_list == []
    ((_head, row),) = sheets(client.get(reverse("merchant:money-workbook")))
    assert (row[3]["text"], row[5]["text"]) == ("95", "95")
    assert "¥100.00 − fee ¥5.00" in text_of(client.get(reverse("merchant:money-print")))


# --- statements -------------------------------------------------------------------------------------------------------


def test_months_lead_to_days_and_both_to_statements(client, store):
    code = today().isoformat()
    (month,) = client.get(STATEMENTS).context["rows"]
    assert (month.code, month.released.minor, month.fees.minor, month.closing.minor) == (code[:7], 10_000, -500, 9_500)
    (day, *older) = client.get(STATEMENTS, {"month": code[:7]}).context["rows"]
    assert (day.code, day.closing) == (code, month.closing)
    assert not older  # nothing had ever moved before
    for one in (month, day):
        answer = client.get(reverse("merchant:statement", args=[one.code]))
        assert answer.context["period"] == one
        assert [line.amount.minor for line in answer.context["lines"]] == [9_500]
    assert "Nothing has moved" in text_of(client.get(STATEMENTS, {"year": "2001"}))


def test_what_has_not_begun_or_is_no_period_is_not_there(client, store):
    later = (today() + timedelta(days=1)).isoformat()
    for code in (later, "2026-13", "x", "2026"):
        assert client.get(reverse("merchant:statement", args=[code])).status_code == 404
        assert client.get(reverse("merchant:statement-csv", args=[code])).status_code == 404
    assert client.get(STATEMENTS, {"month": "x", "year": "²", "currency": "XXX"}).status_code == 200


@pytest.mark.parametrize("length", [7, 10])
def test_a_statements_file_begins_and_ends_with_the_balances(client, store, length):
    code = today().isoformat()[:length]
    answer = client.get(reverse("merchant:statement-csv", args=[code]))
    assert f'filename="statement-{code}-CNY.csv"' in answer["Content-Disposition"]
    rows = [row.split(",") for row in body(answer).decode("utf-8-sig").splitlines()]
    assert (rows[1][1], rows[1][5]) == ("Closing balance", "95.00")
    assert (rows[-1][1], rows[-1][5]) == ("Opening balance", "0.00")
    assert [row[3] for row in rows[2:-1]] == ["95.00"]
    ((_head, *found),) = sheets(client.get(reverse("merchant:statement-xlsx", args=[code])))
    assert found[0][5]["text"] == "95"


def test_a_statement_carries_the_newest_checkpoint_which_verifies(client, store):
    code = today().isoformat()[:7]
    assert "State of the log" not in text_of(client.get(reverse("merchant:statement", args=[code])))
    size = sealer.seal(now=clock.now())
    text = text_of(client.get(reverse("merchant:statement", args=[code])))
    printed = re.search(r"<pre><code>(.*?)</code></pre>", text, re.DOTALL)[1]
    assert verify.read_checkpoint(verify.find_note(printed), notes.verifier_keys())[1] == size
    copied = re.sub(r"<[^>]+>", "", text)  # as somebody would copy the whole page
    assert verify.read_checkpoint(verify.find_note(copied), notes.verifier_keys())[1] == size


def test_too_many_movements_are_left_to_the_file(client, store, monkeypatch):
    monkeypatch.setattr("shop.views.merchant_statements.ON_PAPER", 0)
    answer = client.get(reverse("merchant:statement", args=[today().isoformat()]))
    assert answer.context["lines"] == []
    assert "too many movements for paper" in text_of(answer)


def test_statements_of_another_store_are_not_here(client, store):
    client.force_login(StoreFactory().owner)
    answer = client.get(reverse("merchant:statement", args=[today().isoformat()]))
    assert answer.context["period"].closing == Money(0)
    assert answer.context["lines"] == []
    client.force_login(UserFactory())
    assert client.get(STATEMENTS).status_code == 404


# --- fees -------------------------------------------------------------------------------------------------------------


def test_the_fee_schedule_shows_every_version_and_reckons_its_examples(client, db):
    first = policies.current("physical")
    Policy.objects.create(
        kind="physical", version=first.version + 1, values={**first.values, "fee_bps": 250}, created_at=clock.now()
    )
    answer = client.get(reverse("pages:fees"))
    assert [(row["kind"], row["version"], row["percent"], row["is_current"]) for row in answer.context["rows"]] == [
        ("physical", first.version + 1, "2.5", True), ("physical", first.version, "5", False), ("code", 1, "5", True),
    ]  # fmt: skip
    kind, codes = answer.context["current"]
    assert (kind["kind"], codes["kind"]) == ("physical", "code")
    assert [(row.gross.minor, row.fee.minor) for row in kind["examples"]] == [
        (1_000, 25), (5_990, 150), (10_000, 250), (128_800, 3_220), (1_000_000, 25_000),
    ]  # fmt: skip
    for row in kind["examples"]:
        assert row.net + row.fee == row.gross
    steps = kind["steps"]
    assert steps["part"].fee + steps["rest"].fee == steps["whole"].fee
    assert "2.5 %" in text_of(answer)


def test_the_fee_schedule_is_linked_from_where_one_asks(client, store):
    link = f'href="{reverse("pages:fees")}"'
    assert client.get(reverse("merchant:money")).content.decode().count(link) == 2  # in the text and in the footer
    assert client.get(reverse("pages:guarantee")).content.decode().count(link) == 2
    product = ProductFactory()
    assert client.get(reverse("shop:product", args=[product.pk])).content.decode().count(link) == 2
