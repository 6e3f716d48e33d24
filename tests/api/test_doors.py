"""Who may open which door: anonymous, buyer, stranger, merchant, mediator, a store's system."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from core import clock
from tests.api.people import ask, client_of, cny, system_of, token_for
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import delivered_order, open_case

pytestmark = pytest.mark.django_db

BUYER = [
    ("get", "/cart/"), ("post", "/cart/lines/"), ("patch", "/cart/lines/{uuid}/"), ("delete", "/cart/lines/{uuid}/"),
    ("post", "/checkout/"), ("get", "/orders/"), ("get", "/me/"), ("patch", "/me/"), ("get", "/me/addresses/"),
    ("post", "/me/addresses/"), ("delete", "/me/addresses/{uuid}/"),
]  # fmt: skip
ORDER = [
    ("get", "/orders/{order}/"), ("get", "/orders/{order}/money/"), ("get", "/orders/{order}/timeline/"),
    ("post", "/orders/{order}/cancel/"), ("post", "/orders/{order}/confirm/"), ("post", "/orders/{order}/extend/"),
    ("post", "/orders/{order}/cases/"),
]  # fmt: skip
CASE = [
    ("get", "/cases/{case}/"),
    *(
        ("post", f"/cases/{{case}}/{act}/")
        for act in ("offers", "evidence", "accept", "refuse", "escalate", "withdraw", "say", "send-back", "goods-back",
                    "resend", "rule", "take")
    ),
]  # fmt: skip
MERCHANT = [
    ("get", "/merchant/orders/"), ("post", "/merchant/orders/{order}/shipments/"), ("get", "/merchant/products/"),
    ("post", "/merchant/products/"), ("get", "/merchant/balance/"), ("get", "/merchant/statement/"),
    ("post", "/merchant/payouts/"), ("post", "/merchant/orders/{order}/refunds/"),
]  # fmt: skip


@pytest.fixture
def deal():
    order = delivered_order()
    return order, open_case(order)


def at(path: str, deal) -> str:
    order, case = deal
    return path.format(order=order.number, case=case.number, uuid=uuid.uuid4())


@pytest.mark.parametrize(("method", "path"), [*BUYER, *ORDER, *CASE, *MERCHANT])
def test_without_credentials_every_door_but_the_shelf_is_closed(method, path, deal):
    answer = ask(client_of(), method, at(path, deal), {})
    assert (answer.status, answer.data["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize(("method", "path"), [*ORDER, *CASE, *MERCHANT])
def test_a_stranger_finds_nothing(method, path, deal):
    answer = ask(client_of(UserFactory()), method, at(path, deal), {})
    assert answer.status == 404


@pytest.mark.parametrize(("method", "path"), [*ORDER, *CASE])
def test_asvs_8_4_1_another_merchant_finds_nothing(method, path, deal):
    assert ask(client_of(StoreFactory().owner), method, at(path, deal), {}).status == 404


@pytest.mark.parametrize(("method", "path"), MERCHANT)
def test_a_buyer_is_no_merchant(method, path, deal):
    assert ask(client_of(deal[0].buyer), method, at(path, deal), {}).status == 404


def test_another_store_cannot_ship_this_order(deal):
    body = {"carrier": "sandbox", "tracking_number": "TS0000099999"}
    other = StoreFactory()
    for client in (client_of(other.owner), system_of(other)):
        assert ask(client, "post", at("/merchant/orders/{order}/shipments/", deal), body).status == 404
        assert ask(client, "get", "/merchant/orders/").data["results"] == []


@pytest.mark.parametrize(("method", "path"), ORDER)
def test_the_merchant_is_not_the_buyer(method, path, deal):
    assert ask(client_of(deal[0].store.owner), method, at(path, deal), {}).status == 404


@pytest.mark.parametrize(("method", "path"), [*ORDER, *MERCHANT])
def test_a_mediator_is_neither(method, path, deal):
    assert ask(client_of(MediatorFactory()), method, at(path, deal), {}).status == 404


def test_parties_and_mediators_see_the_case_from_their_seats(deal):
    order, case = deal
    seats = {"buyer": order.buyer, "merchant": order.store.owner, "platform": MediatorFactory()}
    for seat, person in seats.items():
        answer = ask(client_of(person), "get", f"/cases/{case.number}/")
        assert answer.status == 200 and answer.data["you"] == seat
        assert answer.data["held"] == cny(order.total_minor) and answer.data["clock"]["kind"] == "case.answer_by"


def test_only_mediators_rule(deal):
    order, case = deal
    for person in (order.buyer, order.store.owner):
        body = {"refund": cny(1), "fault": "merchant", "article": "3.1", "reasons": "x" * 30}
        assert ask(client_of(person), "post", f"/cases/{case.number}/rule/", body).status == 404


@pytest.mark.parametrize(("method", "path"), [*BUYER, *ORDER, *CASE])
def test_a_stores_token_opens_nothing_but_the_stores_doors(method, path, deal):
    answer = ask(system_of(deal[0].store), method, at(path, deal), {})
    assert (answer.status, answer.data["code"]) == (403, "not_with_token")


def test_a_buyers_deal_is_not_to_be_had_with_his_own_stores_token(deal):
    """The buyer runs a store himself: its token does not read what he bought."""
    store = StoreFactory(owner=deal[0].buyer)
    assert ask(system_of(store), "get", at("/orders/{order}/", deal)).status == 403


def test_a_token_is_for_its_store_even_if_its_maker_has_two():
    owner = UserFactory()
    first, second = StoreFactory(owner=owner), StoreFactory(owner=owner)
    product = ProductFactory(store=second)
    assert ask(system_of(first), "get", "/merchant/products/").data["results"] == []
    assert [row["id"] for row in ask(system_of(second), "get", "/merchant/products/").data["results"]] == [
        str(product.pk)
    ]


def test_a_token_made_by_somebody_who_is_not_the_owner_opens_nothing():
    assert ask(system_of(StoreFactory(), user=UserFactory()), "get", "/merchant/balance/").status == 404


@pytest.mark.parametrize("end", ["expires_at", "revoked_at"])
def test_an_ended_token_is_401(end):
    system = system_of(StoreFactory(), **{end: clock.now() - timedelta(minutes=1)})
    assert ask(system, "get", "/merchant/balance/").status == 401


def test_a_token_goes_before_a_session():
    """Both at once: the token decides, so that a leaked cookie adds nothing to a system's request."""
    store = StoreFactory()
    client = client_of(UserFactory())
    client.credentials(HTTP_AUTHORIZATION=f"Token {token_for(store)}")
    assert ask(client, "get", "/merchant/balance/").status == 200
    assert ask(client, "get", "/cart/").status == 403


def test_a_session_without_its_csrf_token_changes_nothing():
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(UserFactory())
    variant = ProductFactory().variants.get()
    answer = ask(client, "post", "/cart/lines/", {"variant": str(variant.pk), "quantity": 1})
    assert (answer.status, answer.data["code"]) == (403, "permission_denied")
    assert ask(client, "get", "/cart/").data["groups"] == []


def test_the_shelf_is_open_and_shows_only_what_is_on_sale():
    listed, draft = ProductFactory(), ProductFactory(status="draft", listed_at=None)
    rows = ask(client_of(), "get", "/products/").data["results"]
    assert [row["id"] for row in rows] == [str(listed.pk)]
    assert ask(client_of(), "get", f"/products/{draft.pk}/").status == 404
    assert ask(client_of(draft.store.owner), "get", f"/products/{draft.pk}/").status == 404


@pytest.mark.parametrize(("method", "path"), [("post", "/products/"), ("delete", "/cart/"), ("put", "/orders/")])
def test_verbs_that_are_not_there_are_405(method, path):
    assert ask(client_of(UserFactory()), method, path, {}).status == 405
