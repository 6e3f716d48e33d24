"""The buyer's claim: what can be asked, what is refused, and that the money is frozen at once."""

import pytest
from django.urls import reverse
from django.utils import translation

from disputes.models import Case
from disputes.views.merchant import _suggestion
from escrow.states import HoldStatus
from tests.disputes.rooms import buyer, claim, merchant, no_photo, photo, stranger
from tests.stories import code_variant, delivered_order, open_case, paid_order, placed_order

pytestmark = pytest.mark.django_db


def url_of(order):
    return reverse("disputes:case-new", args=[order.number])


def test_the_page_says_what_is_known_and_what_follows():
    order = delivered_order()
    page = buyer(order).get(url_of(order))
    text = page.content.decode()
    assert page.status_code == 200
    assert str(order.total) in text
    assert "is confirmed by the payment provider" in text or "支付" in text
    assert text.count('type="radio"') == 3 + 5


def test_a_claim_freezes_the_money_and_opens_the_room():
    order = delivered_order()
    answer = buyer(order).post(url_of(order), claim(photos=[photo(), photo("b.png")]))
    case = Case.objects.get()
    assert answer["Location"] == reverse("disputes:case", args=[case.number])
    assert case.amount == order.total
    assert case.evidence.count() == 2
    order.hold.refresh_from_db()
    assert order.hold.status == HoldStatus.FROZEN


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""},
        {"text": "   "},
        {"text": "x" * 500_000},
        {"ground": "witchcraft"},
        {"ground": ""},
        {"remedy": "gold"},
        {"remedy": "partial", "amount": ""},
        {"remedy": "partial", "amount": "0"},
        {"remedy": "partial", "amount": "-5"},
        {"remedy": "partial", "amount": "1.005"},
        {"remedy": "partial", "amount": "999999999999"},
        {"remedy": "partial", "amount": "9" * 400},
        {"remedy": "partial", "amount": "１０"},
        {"remedy": "partial", "amount": "1e3"},
        {"text": "with a \x00 in it"},
    ],
)
def test_bad_input_is_refused_with_words_and_nothing_happens(change):
    order = delivered_order()
    answer = buyer(order).post(url_of(order), claim(**change))
    assert answer.status_code == 400
    assert "form-errors" in answer.content.decode()
    assert not Case.objects.exists()
    order.hold.refresh_from_db()
    assert order.hold.status == HoldStatus.HELD


def test_what_was_written_survives_a_refusal():
    order = delivered_order()
    answer = buyer(order).post(url_of(order), claim(text="A long story", remedy="partial", amount="-1"))
    assert "A long story" in answer.content.decode()


@pytest.mark.parametrize("files", [[no_photo()], [photo()] * 7])
def test_a_file_that_is_no_picture_or_too_many_open_no_case(files):
    order = delivered_order()
    answer = buyer(order).post(url_of(order), claim(photos=files))
    assert answer.status_code == 400
    assert not Case.objects.exists()


def test_a_partial_claim_keeps_its_amount_to_the_cent():
    order = delivered_order()
    buyer(order).post(url_of(order), claim(remedy="partial", amount="12.34"))
    assert Case.objects.get().amount_minor == 1234


def test_before_shipping_only_a_full_refund_can_be_asked():
    order = paid_order()
    client = buyer(order)
    assert client.get(url_of(order)).content.decode().count('name="remedy"') == 1
    assert client.post(url_of(order), claim(remedy="return")).status_code == 400
    assert client.post(url_of(order), claim(ground="not_received")).status_code == 302
    assert Case.objects.get().amount == order.total


def test_of_codes_that_have_arrived_nobody_says_that_nothing_was_shipped():
    case = open_case(paid_order(variant=code_variant()))
    with translation.override("en"):
        assert "shipped" not in _suggestion(case), "to their store"
    order = paid_order(variant=code_variant())
    page = buyer(order).get(url_of(order), HTTP_ACCEPT_LANGUAGE="en")
    assert page.context["is_refund_only"] is False, "to their buyer"
    assert buyer(unsent := paid_order()).get(url_of(unsent)).context["is_refund_only"] is True


def test_nobody_else_can_open_one():
    order = delivered_order()
    for client in (stranger(), merchant(order)):
        assert client.get(url_of(order)).status_code == 404
        assert client.post(url_of(order), claim()).status_code == 404
    assert not Case.objects.exists()


def test_a_second_claim_leads_to_the_first_and_an_unpaid_order_to_itself():
    order = delivered_order()
    case = open_case(order)
    assert buyer(order).get(url_of(order))["Location"] == reverse("disputes:case", args=[case.number])
    unpaid = placed_order()
    assert buyer(unpaid).post(url_of(unpaid), claim())["Location"] == unpaid.get_absolute_url()
    assert Case.objects.count() == 1
