"""The payment page: what is to be paid, until when, and what became of it."""

from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.urls import reverse

from core import clock
from core.qr import as_image
from escrow.gateways import gateway, use
from escrow.gateways.base import Capabilities, Created, Refused, Unavailable
from escrow.models import Payment
from shop.models import Order
from shop.states import OrderStatus
from tests.factories.accounts import UserFactory
from tests.sandbox import at_bank, pay_at_bank
from tests.stories import placed_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(client):
    order = placed_order()
    client.force_login(order.buyer)
    return order


def url(order, name="payment"):
    return reverse(f"shop:{name}", args=[order.payment_id])


def test_an_open_payment_shows_amount_clock_and_way_to_pay(client, order):
    page = client.get(url(order))
    text = page.content.decode()
    assert page.status_code == 200
    assert str(order.total) in text
    assert f'datetime="{order.payment.expires_at.isoformat()}"' in text
    assert "data-countdown" in text
    assert 'href="?pay=1"' in text
    assert 'value="check"' in text
    assert "hx-get" in text


def test_paying_leads_to_the_providers_page(client, order):
    answer = client.post(url(order), {"act": "pay"})
    assert answer.status_code == 302
    assert reverse("sandbox:pay", args=[order.payment_id]) in answer.url


def test_coming_back_paid_leads_to_the_order_without_any_notice(client, order):
    at_bank(order.payment_id, "paid")
    assert client.get(url(order, "payment-return")).url == order.get_absolute_url()
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID


def test_coming_back_twice_holds_the_money_once(client, order):
    at_bank(order.payment_id, "paid")
    client.get(url(order, "payment-return"))
    client.get(url(order, "payment-return"))
    assert order.payment.receipts.count() == 1


def test_coming_back_unpaid_leads_to_the_payment_with_a_word(client, order):
    client.post(url(order), {"act": "pay"})
    answer = client.get(url(order, "payment-return"), follow=True)
    assert answer.redirect_chain[-1][0] == url(order)
    assert list(answer.context["messages"])
    order.refresh_from_db()
    assert order.status == OrderStatus.PENDING


def test_a_declined_payment_says_why_and_can_be_tried_again(client, order):
    pay_at_bank(order.payment_id, "declined")
    payment = Payment.objects.get()
    assert payment.declined_reason
    page = client.get(url(order)).content.decode()
    assert payment.declined_reason in page
    assert 'href="?pay=1"' in page


def test_check_now_finds_what_no_notice_told(client, order):
    at_bank(order.payment_id, "paid")
    assert client.post(url(order), {"act": "check"}).url == order.get_absolute_url()
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID


@pytest.mark.parametrize("way", ["return", "check"])
def test_a_provider_that_does_not_answer_is_said_and_harms_nothing(client, order, way, monkeypatch):
    client.post(url(order), {"act": "pay"})

    def nobody(**_):
        raise Unavailable

    with use("sandbox", gateway("sandbox")) as stand_in:
        monkeypatch.setattr(type(stand_in), "query_payment", lambda self, **_: nobody())
        if way == "check":
            answer = client.post(url(order), {"act": "check"}, follow=True)
        else:
            answer = client.get(url(order, "payment-return"), follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0] == url(order)
    order.refresh_from_db()
    assert order.status == OrderStatus.PENDING


def test_a_wrong_amount_is_shown_as_kept_apart_with_when_it_goes_back(client, order):
    pay_at_bank(order.payment_id, "wrong_amount")
    page = client.get(url(order))
    assert page.context["view"].parked is not None
    assert page.context["view"].back_by is not None
    assert str(page.context["view"].parked.amount) in page.content.decode()
    assert page.context["view"].state == "open"


def test_paid_shows_where_the_money_is_and_the_way_to_the_order(client, order):
    pay_at_bank(order.payment_id)
    page = client.get(url(order)).content.decode()
    assert order.get_absolute_url() in page
    assert 'href="?pay=1"' not in page
    assert "hx-get" not in page


def test_when_the_time_is_over_nobody_can_pay_but_ask(client, order):
    clock.advance_sandbox(timedelta(minutes=31))
    page = client.get(url(order))
    assert page.context["view"].state == "expired"
    assert 'href="?pay=1"' not in page.content.decode()
    assert 'value="check"' in page.content.decode()


def test_a_closed_payment_says_that_nothing_was_taken(client, order):
    client.post(reverse("shop:order-cancel", args=[order.number]))
    page = client.get(url(order))
    assert page.context["view"].state == "closed"
    assert 'href="?pay=1"' not in page.content.decode()


def test_paying_a_closed_payment_is_refused(client, order):
    client.post(reverse("shop:order-cancel", args=[order.number]))
    assert client.post(url(order), {"act": "pay"}).status_code == 409


def test_the_poll_waits_longer_each_time_and_shows_the_page_anew_once_something_happened(client, order):
    mark = client.get(url(order)).context["view"].mark
    first = client.get(url(order, "payment-status"), {"mark": mark, "looks": "1"})
    later = client.get(url(order, "payment-status"), {"mark": mark, "looks": "50"})
    assert "delay:3s" in first.content.decode()
    assert "delay:30s" in later.content.decode()
    pay_at_bank(order.payment_id)
    done = client.get(url(order, "payment-status"), {"mark": mark, "looks": "2"})
    assert (done.status_code, done.headers["HX-Refresh"]) == (204, "true")


@pytest.mark.parametrize("looks", ["-1", "abc", "٣", "9" * 30, ""])
def test_a_strange_count_of_looks_does_no_harm(client, order, looks):
    mark = client.get(url(order)).context["view"].mark
    assert client.get(url(order, "payment-status"), {"mark": mark, "looks": looks}).status_code == 200


def test_machines_read_the_state_as_json(client, order):
    answer = client.get(url(order, "payment-status"), headers={"Accept": "application/json"}).json()
    assert answer["status"] == "open"
    assert answer["amount"] == {"minor": order.total_minor, "currency": "CNY"}
    assert answer["orders"] == [{"number": order.number, "status": "pending"}]


@pytest.mark.parametrize("name", ["payment", "payment-status", "payment-return"])
def test_a_payment_does_not_exist_for_anybody_else(client, order, name):
    for stranger in (UserFactory(), order.store.owner, UserFactory(is_mediator=True)):
        client.force_login(stranger)
        assert client.get(url(order, name)).status_code == 404
        assert client.post(url(order), {"act": "pay"}).status_code == 404
    assert Payment.objects.get().reference == ""
    assert Order.objects.get().status == OrderStatus.PENDING


def test_the_payment_page_asks_the_database_little(client, order, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        client.get(url(order))


class Scans:
    """A provider that gives a code, or an account to transfer to, instead of a page."""

    name = payee = "sandbox"
    capabilities = Capabilities(hold_days=None, partial_refund=True, currencies=frozenset({"CNY"}))

    def __init__(self, **way: object) -> None:
        self.way = way
        self.keys: list[tuple[str, str]] = []

    def create_payment(self, *, key: str, description: str, **_: object) -> Created:
        self.keys.append((key, description))
        return Created(reference="at-bank", **self.way)


def test_a_code_is_shown_within_the_page_and_may_not_be_kept(client, order):
    with use("sandbox", Scans(qr="weixin://wxpay/bizpayurl?pr=abc")):
        assert client.post(url(order), {"act": "pay"}).url == f"{url(order)}?pay=1"
        page = client.get(url(order), {"pay": "1"})
    text = page.content.decode()
    assert 'src="data:image/svg+xml;base64,' in text
    assert str(order.total) in text and "data-countdown" in text and "hx-get" in text
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "data:" in page.headers["Content-Security-Policy"].split("img-src")[1].split(";")[0]
    assert 'href="?pay=1"' not in text


def test_a_code_says_what_the_provider_gave(client, order):
    """The picture is drawn from this text and no other."""
    with use("sandbox", Scans(qr="weixin://wxpay/bizpayurl?pr=abc")):
        one = client.get(url(order), {"pay": "1"}).context["code"]
    assert one == as_image("weixin://wxpay/bizpayurl?pr=abc") != as_image("weixin://wxpay/bizpayurl?pr=abd")


def test_where_to_transfer_to_is_shown_label_by_label(client, order):
    with use("sandbox", Scans(instructions={"Account": "6222 0212", "Reference": "TS<b>1"})):
        text = client.get(url(order), {"pay": "1"}).content.decode()
    assert "<dt>Account</dt>" in text and 'data-copy="6222 0212"' in text
    assert "TS&lt;b&gt;1" in text


def test_the_link_leads_on_to_a_providers_page(client, order):
    """A form could not: browsers refuse its redirect to an address that form-action does not name."""
    with use("sandbox", Scans(url="https://pay.example/1")):
        assert client.get(url(order), {"pay": "1"}).url == "https://pay.example/1"


@pytest.mark.parametrize("refusal", [Unavailable(), Refused("ORDERPAID")])
def test_no_way_to_pay_is_said_and_can_be_asked_for_again(client, order, refusal):
    stand_in = Scans()
    stand_in.create_payment = Mock(side_effect=refusal)
    with use("sandbox", stand_in):
        page = client.get(url(order), {"pay": "1"})
    assert page.status_code == 200
    assert [str(row) for row in page.context["messages"]] == [str(refusal.message)]
    assert 'href="?pay=1"' in page.content.decode() and 'value="check"' in page.content.decode()


def test_the_provider_hears_the_same_words_whoever_looks(client, order):
    stand_in = Scans(qr="x")
    with use("sandbox", stand_in):
        for language in ("en", "zh-hans"):
            client.get(url(order), {"pay": "1"}, headers={"accept-language": language})
    assert len(set(stand_in.keys)) == 1
