"""Who comes into the merchant's office: its owner, and nobody else."""

import uuid

import pytest
from django.urls import reverse

from tests.factories.accounts import UserFactory
from tests.factories.shop import StoreFactory
from tests.stories import paid_order, sandbox_carrier

pytestmark = pytest.mark.django_db

OFFICE = ("home", "orders", "orders-export", "shipping", "shipping-template", "money", "money-export", "settings")
OF_AN_ORDER = ("order", "ship", "order-cancel", "order-grant")


@pytest.fixture
def order():
    found = paid_order()
    sandbox_carrier(found.store_id)
    return found


def doors(order):
    yield from ((reverse(f"merchant:{name}"), "get") for name in OFFICE)
    yield reverse("merchant:shipping-import"), "post"
    for name in OF_AN_ORDER:
        yield reverse(f"merchant:{name}", args=[order.number]), "get" if name == "order" else "post"
    for name in ("shipping-preview", "shipping-report"):
        yield reverse(f"merchant:{name}", args=[uuid.uuid4()]), "get"


def test_the_owner_sees_every_page(client, order):
    client.force_login(order.store.owner)
    for name in OFFICE:
        answer = client.get(reverse(f"merchant:{name}"))
        assert answer.status_code == 200, name
    assert client.get(reverse("merchant:order", args=[order.number])).status_code == 200


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_pages_have_one_heading_and_no_style_of_their_own(client, order, language):
    client.force_login(order.store.owner)
    client.cookies["django_language"] = language
    for url in (*(reverse(f"merchant:{name}") for name in ("home", "orders", "shipping", "money", "settings")),
                reverse("merchant:order", args=[order.number])):  # fmt: skip
        page = client.get(url).content.decode()
        assert page.count("<h1") == 1, url
        assert " style=" not in page, url
        assert "onclick" not in page, url


def test_another_merchant_finds_nothing_of_this_order(client, order):
    client.force_login(StoreFactory().owner)
    for name in OF_AN_ORDER:
        url = reverse(f"merchant:{name}", args=[order.number])
        answer = client.get(url) if name == "order" else client.post(url, {"days": "3"})
        assert answer.status_code == 404 or (name != "order" and answer.status_code == 302), name
        if answer.status_code == 302:
            assert order.number not in client.get(reverse("merchant:orders")).content.decode()
    order.refresh_from_db()
    assert order.status == "paid"
    assert order.hold.status == "held"
    assert order.number not in client.get(reverse("merchant:orders")).content.decode()
    assert order.number not in client.get(reverse("merchant:orders-export")).content.decode()


def test_who_has_no_store_finds_no_office(client, order):
    client.force_login(UserFactory())
    for url, method in doors(order):
        assert getattr(client, method)(url).status_code == 404, url


def test_who_is_not_signed_in_is_sent_to_the_entrance(client, order):
    for url, method in doors(order):
        answer = getattr(client, method)(url)
        assert answer.status_code == 302, url
        assert answer["Location"].startswith("/accounts/login/"), url


def test_a_number_that_cannot_be_one_is_not_found(client, order):
    client.force_login(order.store.owner)
    for number in ("x", "0", "%00", "１２３"):
        assert client.get(f"/merchant/orders/{number}/").status_code == 404
