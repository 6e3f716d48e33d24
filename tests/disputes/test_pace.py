"""Nobody has to read a flood: what a party may write in cases, and how fast."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core import clock
from core.money import Money
from disputes.models import Case, CaseEntry, Evidence, Offer
from disputes.services import pace
from disputes.states import Remedy
from flows import aftersale
from tests.disputes.rooms import buyer, claim, client_of, mediator, merchant
from tests.factories.shop import ProductFactory
from tests.stories import buyer_of, delivered_order, merchant_of, open_case

pytestmark = pytest.mark.django_db


def say(case, times, who=buyer_of):
    for number in range(times):
        aftersale.say(case_id=case.pk, text=f"word {number}", actor=who(case.order), now=clock.now())


def offer(case, times=1):
    for minor in range(1, times + 1):
        aftersale.offer(
            case_id=case.pk, remedy=Remedy.PARTIAL, amount=Money(minor), text="", actor=merchant_of(case.order),
            now=clock.now(),
        )  # fmt: skip


def act(case, name):
    return reverse(f"disputes:case-{name}", args=[case.number])


def test_twenty_words_in_ten_minutes_are_enough_on_the_page_and_what_was_typed_stays():
    case = open_case(delivered_order())
    say(case, 20)
    answer = buyer(case.order).post(act(case, "say"), {"say-text": "One more <word>"})
    page = answer.content.decode()
    assert answer.status_code == 429
    assert "One more &lt;word&gt;" in page
    assert "form-errors" in page
    assert CaseEntry.objects.filter(act="said").count() == 20
    clock.advance_sandbox(timedelta(minutes=11))
    assert buyer(case.order).post(act(case, "say"), {"say-text": "One more"}).status_code == 302


def test_the_api_says_the_same_with_a_code():
    case = open_case(delivered_order())
    say(case, 20)
    url = f"/api/v1/cases/{case.number}/say/"
    answer = buyer(case.order).post(url, {"text": "One more"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_words")
    assert CaseEntry.objects.filter(act="said").count() == 20


def test_words_are_counted_over_all_cases_of_a_member_and_for_each_member_alone():
    product = ProductFactory()
    first = open_case(delivered_order(variant=product.variants.get()))
    second = open_case(delivered_order(variant=product.variants.get()))
    say(first, 10, merchant_of), say(second, 10, merchant_of)
    with pytest.raises(pace.TooManyWords):
        say(first, 1, merchant_of)
    say(first, 1)
    _, staff = mediator()
    for number in range(25):
        assert staff.post(act(first, "say"), {"say-text": f"Please show {number}."}).status_code == 302
    assert CaseEntry.objects.filter(party="platform").count() == 25


def test_ten_offers_a_day_in_one_case():
    case = open_case(delivered_order())
    offer(case, 10)
    data = {"offer-remedy": "partial", "offer-amount": "12.34", "offer-text": "Last word"}
    answer = merchant(case.order).post(act(case, "offer"), data)
    assert answer.status_code == 429
    assert 'value="12.34"' in answer.content.decode()
    assert "Last word" in answer.content.decode()
    assert Offer.objects.count() == 10
    assert buyer(case.order).post(act(case, "offer"), data).status_code == 302, "the other side's are its own"
    clock.advance_sandbox(timedelta(days=1, minutes=1))
    offer(case)


def test_evidence_comes_in_no_flood():
    case = open_case(delivered_order())
    for number in range(20):
        aftersale.add_evidence(
            case_id=case.pk, file=None, shows=f"fact {number}", actor=buyer_of(case.order), now=clock.now()
        )
    answer = buyer(case.order).post(act(case, "evidence"), {"evidence-shows": "One more fact"})
    assert answer.status_code == 429
    assert "One more fact" in answer.content.decode()
    assert Evidence.objects.count() == 20


def test_ten_cases_a_day():
    order = delivered_order()
    cases = [open_case(delivered_order(buyer=order.buyer)) for _ in range(10)]
    client = client_of(order.buyer)
    answer = client.post(reverse("disputes:case-new", args=[order.number]), claim(text="The eleventh"))
    assert answer.status_code == 429
    assert "The eleventh" in answer.content.decode()
    said = {"ground": "not_as_described", "want": "refund", "text": "The eleventh"}
    answer = client.post(f"/api/v1/orders/{order.number}/cases/", said, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_cases")
    assert Case.objects.count() == len(cases)
    assert order.hold.status == "held"
