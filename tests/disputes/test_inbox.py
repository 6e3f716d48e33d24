"""The merchant's inbox: his own cases, by the time left."""

import pytest
from django.urls import reverse

from core import deadlines
from tests.disputes.rooms import merchant, stranger
from tests.factories.shop import ProductFactory
from tests.stories import delivered_order, open_case, wait

pytestmark = pytest.mark.django_db


def test_what_has_least_time_left_stands_first():
    product = ProductFactory()
    first = open_case(delivered_order(variant=product.variants.get()))
    second = open_case(delivered_order(variant=product.variants.get()))
    row = deadlines.open_deadlines(subjects=[second.pk])[0]
    row.due_at = row.due_at.replace(year=row.due_at.year - 1)
    row.save()
    page = merchant(first.order).get(reverse("merchant:cases")).content.decode()
    assert 0 < page.index(second.number) < page.index(first.number)


def test_tabs_count_and_show_only_ones_own():
    case, other = open_case(delivered_order()), open_case(delivered_order())
    client = merchant(case.order)
    for view in ("mine", "open", "nonsense"):
        page = client.get(reverse("merchant:cases"), {"view": view}).content.decode()
        assert case.number in page
        assert other.number not in page
    assert case.number not in client.get(reverse("merchant:cases"), {"view": "closed"}).content.decode()
    wait(days=6)  # nobody answered: the claim was accepted
    assert case.number in client.get(reverse("merchant:cases"), {"view": "closed"}).content.decode()


def test_who_has_no_store_has_no_inbox():
    assert stranger().get(reverse("merchant:cases")).status_code == 404
