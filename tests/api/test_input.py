"""Bad input: a clear refusal of the one shape, and nothing half-done."""

from __future__ import annotations

import json

import pytest

from core.api_fields import MOST_NAMED
from shop.models import CartLine, Order, Product
from tests.api.people import V1, ask, client_of, cny, system_of
from tests.factories.accounts import UserFactory
from tests.factories.shop import CategoryFactory, ProductFactory, StoreFactory
from tests.stories import delivered_order, paid_order, sandbox_carrier

pytestmark = pytest.mark.django_db

NO_WHOLE = [-1, 0, 1000, 10**30, 1.5, 1.0, 1e3, True, False, "1", "１", "٣", "", " ", None, [], [1], {}, "NaN", "1e1"]
UNKNOWN = "6f1c2f0e-0000-4000-8000-000000000000"


def raw(client, method, path, content, content_type="application/json"):
    response = getattr(client, method)(f"{V1}{path}", content, content_type=content_type)
    assert response.status_code < 500, response.content
    assert set(response.json()) == {"code", "message", "fields"}
    return response


@pytest.mark.parametrize("quantity", NO_WHOLE, ids=repr)
def test_only_a_whole_number_is_a_quantity(quantity):
    buyer, variant = client_of(UserFactory()), ProductFactory().variants.get()
    answer = ask(buyer, "post", "/cart/lines/", {"variant": str(variant.pk), "quantity": quantity})
    assert answer.status == 400 and list(answer.data["fields"]) == ["quantity"]
    assert not CartLine.objects.exists()


@pytest.mark.parametrize("quantity", [-1, 0, 1.5, True, "2", None], ids=repr)
def test_a_line_keeps_its_quantity_when_refused(quantity):
    buyer, variant = client_of(UserFactory()), ProductFactory().variants.get()
    cart = ask(buyer, "post", "/cart/lines/", {"variant": str(variant.pk), "quantity": 3}).data
    line = cart["groups"][0]["lines"][0]["id"]
    assert ask(buyer, "patch", f"/cart/lines/{line}/", {"quantity": quantity}).status == 400
    assert CartLine.objects.get().quantity == 3


@pytest.mark.parametrize(
    "variant", [UNKNOWN, "x", 7, True, None, [], {}, "", "0" * 5000, UNKNOWN.replace("-", "") + "0"]
)
def test_an_unknown_variant_is_refused(variant):
    answer = ask(client_of(UserFactory()), "post", "/cart/lines/", {"variant": variant, "quantity": 1})
    assert answer.status == (409 if variant == UNKNOWN else 400)
    assert not CartLine.objects.exists()


def test_asvs_8_2_3_unknown_fields_are_named():
    variant = ProductFactory().variants.get()
    body = {"variant": str(variant.pk), "quantity": 1, "price": 1, "user": "me"}
    answer = ask(client_of(UserFactory()), "post", "/cart/lines/", body)
    assert answer.status == 400 and set(answer.data["fields"]) == {"price", "user"}
    assert not CartLine.objects.exists()


def test_unknown_fields_inside_and_strange_names_are_named_too():
    buyer = client_of(UserFactory())
    body = {"address": UNKNOWN, "total": {"minor": 1, "currency": "CNY", "rate": 2}}
    assert list(ask(buyer, "post", "/checkout/", body).data["fields"]) == ["total.rate"]
    answer = raw(buyer, "post", "/checkout/", '{"\\ud800": 1, "' + "a" * 5000 + '": 2}')
    assert answer.status_code == 400 and max(map(len, answer.json()["fields"])) <= 60
    many = json.dumps({f"f{n}": n for n in range(1000)})
    assert len(raw(buyer, "post", "/checkout/", many).json()["fields"]) <= MOST_NAMED


@pytest.mark.parametrize("total", [
    None, 1, "12.00", [], {}, {"minor": 1}, {"currency": "CNY"}, {"minor": "1", "currency": "CNY"},
    {"minor": 1.0, "currency": "CNY"}, {"minor": True, "currency": "CNY"}, {"minor": -1, "currency": "CNY"},
    {"minor": 10**14, "currency": "CNY"}, {"minor": 1, "currency": "Y"}, {"minor": 1, "currency": 156},
], ids=repr)  # fmt: skip
def test_only_money_is_money(total):
    answer = ask(client_of(UserFactory()), "post", "/checkout/", {"address": UNKNOWN, "total": total})
    assert answer.status == 400 and all(name.startswith("total") for name in answer.data["fields"])


@pytest.mark.parametrize("lines", [[], "x", [1], ["x"], [UNKNOWN] * 101, {}, None], ids=lambda v: repr(v)[:20])
def test_lines_are_a_list_of_ids(lines):
    body = {"address": UNKNOWN, "total": cny(1), "lines": lines}
    answer = ask(client_of(UserFactory()), "post", "/checkout/", body)
    assert answer.status == 400 and all(name.startswith("lines") for name in answer.data["fields"])


def test_an_empty_cart_is_nothing_to_buy():
    answer = ask(client_of(UserFactory()), "post", "/checkout/", {"address": UNKNOWN, "total": cny(0)})
    assert (answer.status, answer.data["code"]) == (400, "nothing_to_buy")


BODIES = [
    ("", 400), ("{", 400), ("[]", 400), ("null", 400), ('"x"', 400), ("7", 400), ("{'a': 1}", 400), ('{"a": NaN}', 400),
    ("[" * 200_000, 400), ('{"quantity": ' + "9" * 5000 + "}", 400), (b"\xff\xfe\x00", 400),
    (b'{"variant": "\xff"}', 400),
    ('{"variant": "\\u0000", "quantity": 1}', 400), ('{"variant": "' + "x" * 5_000_000 + '"}', 413),
]  # fmt: skip


@pytest.mark.parametrize(("content", "status"), BODIES, ids=lambda v: repr(v)[:16])
def test_what_is_no_json_object_is_refused(content, status):
    answer = raw(client_of(UserFactory()), "post", "/cart/lines/", content)
    assert answer.status_code == status
    assert not CartLine.objects.exists()


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
        "multipart/form-data; boundary=x",
        "nonsense",
    ],
)
def test_another_content_type_is_415(kind):
    for path in ("/cart/lines/", "/checkout/"):
        assert raw(client_of(UserFactory()), "post", path, "quantity=1", kind).status_code == 415


def test_another_wish_for_an_answer_is_406():
    response = client_of().get(f"{V1}/products/", HTTP_ACCEPT="application/xml")
    assert response.status_code == 406 and response.json()["code"] == "not_acceptable"


@pytest.mark.parametrize("query", [
    "sort=random", "category=none", "store=none", "low=-1", "low=x", "low=1.5", "high=99999999999999999999",
    "page_size=0", "page_size=101", "page_size=x", "page_size=１", "cursor=x", "cursor=%00", "cursor=W10=",
    "cursor=bnVsbA==", "cursor=" + "A" * 3000, "q=" + "x" * 500,
])  # fmt: skip
def test_a_list_that_makes_no_sense_is_refused(query):
    ProductFactory()
    assert ask(client_of(), "get", f"/products/?{query}").status == 400


def test_a_letter_nobody_can_type_is_no_word():
    ProductFactory()
    answer = ask(client_of(), "get", "/products/?q=%00")
    assert (answer.status, len(answer.data["results"])) == (200, 1)
    assert ask(client_of(UserFactory()), "get", "/orders/?q=%00").data["results"] == []


@pytest.mark.parametrize("path", ["/orders/?tab=x", "/orders/?cursor=x"])
def test_so_is_a_list_of_orders(path):
    assert ask(client_of(UserFactory()), "get", path).status == 400


@pytest.mark.parametrize("number", ["0", "x", "９９", "1" * 300, "1;drop", "null", "-1", "%F0%9F%98%80"])
def test_a_number_that_is_none_is_404(number):
    buyer = client_of(UserFactory())
    for path in (f"/orders/{number}/", f"/orders/{number}/money/", f"/cases/{number}/"):
        assert ask(buyer, "get", path).status == 404


@pytest.mark.parametrize("change", [
    {"ground": "x"}, {"ground": 1}, {"ground": None}, {"ground": ["not_received"]}, {"want": "gold"}, {"want": {}},
    {"want": "\ud800"}, {"text": ""}, {"text": "  "}, {"text": 5}, {"text": "x" * 4001}, {"text": "a\x00b"},
    {"extra": 1},
    {"want": "partial"}, {"want": "partial", "amount": {"minor": 0, "currency": "CNY"}},
    {"want": "partial", "amount": {"minor": 10**12, "currency": "CNY"}},
    {"want": "partial", "amount": {"minor": 100, "currency": "USD"}}, {"want": "partial", "amount": 100},
    {"want": "refund", "amount": {"minor": 1, "currency": "CNY"}},
], ids=lambda v: ascii(v)[:50])  # fmt: skip
def test_a_claim_that_makes_no_sense_freezes_nothing(change):
    order = delivered_order()
    body = {"ground": "not_as_described", "want": "refund", "text": "坏了", **change}
    answer = raw(client_of(order.buyer), "post", f"/orders/{order.number}/cases/", json.dumps(body))
    assert answer.status_code == 400
    order.refresh_from_db()
    assert not order.in_case and not order.cases.exists()


@pytest.mark.parametrize("change", [
    {"carrier": "none"}, {"carrier": 1}, {"carrier": None}, {"tracking_number": ""}, {"tracking_number": 12345678},
    {"tracking_number": "x"}, {"tracking_number": "単号単号単号"}, {"tracking_number": "A" * 41}, {"weight_g": 0},
    {"weight_g": -5}, {"weight_g": 1.5}, {"weight_g": "500"}, {"weight_g": True}, {"weight_g": 10**9}, {"photos": []},
], ids=repr)  # fmt: skip
def test_a_parcel_that_makes_no_sense_is_not_booked(change):
    order = paid_order()
    sandbox_carrier(order.store_id)
    body = {"carrier": "sandbox", "tracking_number": "TS0000000001", **change}
    answer = ask(system_of(order.store), "post", f"/merchant/orders/{order.number}/shipments/", body)
    assert answer.status == 400
    order.refresh_from_db()
    assert order.status == "paid" and not order.shipments.exists()


GOOD = {"price": {"minor": 1000, "currency": "CNY"}, "stock": 5}


@pytest.mark.parametrize("change", [
    {"title": ""}, {"title": 5}, {"title": "x" * 121}, {"category": "none"}, {"category": 1}, {"weight_g": -1},
    {"fragile": "yes"}, {"fragile": 1}, {"description": "x" * 20_001}, {"status": "listed"}, {"price_minor": 1},
    {"variants": []}, {"variants": {}}, {"variants": [1]}, {"variants": [GOOD, GOOD]},
    {"variants": [{**GOOD, "name": "a"}, {**GOOD, "name": "a"}]}, {"variants": [{"stock": 1}]},
    {"variants": [GOOD] * 51},
    {"variants": [{**GOOD, "stock": -1}]}, {"variants": [{**GOOD, "stock": 1.5}]},
    {"variants": [{**GOOD, "stock": "3"}]},
    {"variants": [{**GOOD, "price": {"minor": 0, "currency": "CNY"}}]},
    {"variants": [{**GOOD, "price": {"minor": -1, "currency": "CNY"}}]},
    {"variants": [{**GOOD, "price": {"minor": 10**10, "currency": "CNY"}}]},
    {"variants": [{**GOOD, "price": {"minor": 100, "currency": "USD"}}]},
    {"variants": [{**GOOD, "id": UNKNOWN}]},
], ids=lambda v: repr(v)[:60])  # fmt: skip
def test_a_listing_that_makes_no_sense_is_not_written(change):
    body = {"category": CategoryFactory().slug, "title": "杯子", "variants": [GOOD], **change}
    answer = ask(system_of(StoreFactory()), "post", "/merchant/products/", body)
    assert answer.status == 400 and answer.data["fields"]
    assert not Product.objects.exists()


def test_what_takes_no_body_takes_none():
    order = delivered_order()
    answer = ask(client_of(order.buyer), "post", f"/orders/{order.number}/confirm/", {"amount": 1})
    assert answer.status == 400 and list(answer.data["fields"]) == ["amount"]
    assert Order.objects.get().status == "delivered"
