"""The pages of a case ask the database a bounded number of times, however much was said."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock
from flows import aftersale
from tests.disputes.rooms import buyer, mediator, merchant, photo, taken_case
from tests.stories import buyer_of, delivered_order, merchant_of, open_case

pytestmark = pytest.mark.django_db


def talkative_case(times):
    case = open_case(delivered_order())
    actor = buyer_of(case.order)
    for number in range(times):
        aftersale.say(case_id=case.pk, text=f"word {number}", actor=actor, now=clock.now())
        aftersale.add_evidence(case_id=case.pk, file=photo(), shows="", actor=actor, now=clock.now())
    return case


def queries(client, url):
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_more_words_cost_no_more_queries():
    counts = []
    for times in (0, 6):
        case = talkative_case(times)
        rooms = [
            (buyer(case.order), reverse("disputes:case", args=[case.number])),
            (merchant(case.order), reverse("merchant:case", args=[case.number])),
            (mediator()[1], reverse("console:case", args=[case.number])),
            (mediator()[1], reverse("console:order", args=[case.order.number])),
        ]
        counts.append([queries(*room) for room in rooms])
    assert counts[0] == counts[1]
    assert max(counts[1][:3]) <= 12, counts


def test_the_mediators_pages_ask_no_more_than_twelve_times():
    user, staff = mediator()
    cases = [taken_case(user) for _ in range(2)]
    merchant_sees = merchant(cases[0].order)
    assert queries(staff, reverse("console:cases")) <= 12
    assert queries(staff, reverse("console:case", args=[cases[0].number])) <= 12
    assert queries(staff, reverse("console:rule", args=[cases[0].number])) <= 12
    assert queries(merchant_sees, reverse("merchant:cases")) <= 12


@pytest.mark.parametrize("want", ["return", "resend"])
def test_a_room_with_a_parcel_to_book_asks_no_more_than_twelve_times(want):
    case = open_case(delivered_order(), want=want)
    aftersale.accept(case_id=case.pk, actor=merchant_of(case.order), now=clock.now())
    assert queries(buyer(case.order), reverse("disputes:case", args=[case.number])) <= 12
    assert queries(merchant(case.order), reverse("merchant:case", args=[case.number])) <= 12
