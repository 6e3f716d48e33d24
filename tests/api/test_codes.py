"""Codes over the API: a store hands them in, their buyer opens them, and no answer but that one has a value in it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from core import clock
from core.models import AuditEntry, IdempotencyKey
from shop.models import CardKey, CodeBatch
from tests.api.people import ask, client_of, cny, system_of
from tests.factories.accounts import UserFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import code_variant, paid_order

pytestmark = pytest.mark.django_db


def test_from_the_stores_system_to_the_buyers_app():
    variant = code_variant(keys=0)
    shop, pool = system_of(variant.product.store), f"/merchant/products/{variant.product_id}/codes/"
    made = ask(shop, "post", pool, {"codes": ["API-000001", "code"], "name": "ERP 7"}, idempotency_key="batch-7")
    assert made.status == 201 and made.data["taken"] == 2 and made.data["pools"][0]["stock"] == 2
    again = ask(shop, "post", pool, {"codes": ["API-000001", "code"], "name": "ERP 7"}, idempotency_key="batch-7")
    assert again.headers["Idempotent-Replay"] == "true" and again.data == made.data
    assert CodeBatch.objects.count() == 1

    buyer = client_of(UserFactory())
    cart = ask(buyer, "post", "/cart/lines/", {"variant": str(variant.pk), "quantity": 1}).data
    assert cart["groups"][0]["kind"] == "code" and cart["groups"][0]["shipping"] == cny(0)
    bought = ask(buyer, "post", "/checkout/", {"total": cart["total"]}, idempotency_key="deal-1")
    assert bought.status == 201, bought.data
    number = bought.data["orders"][0]["number"]
    reveal = f"/orders/{number}/codes/reveal/"
    assert ask(buyer, "post", reveal, {"understood": True}).data["code"] == "no_codes_yet"
    pay(number)
    order = ask(buyer, "get", f"/orders/{number}/").data
    assert (order["kind"], order["status"], order["address"]) == ("code", "delivered", None)
    assert "codes" in order["acts"]
    opened = ask(buyer, "post", reveal, {"understood": True})
    assert opened.status == 200
    (code,) = opened.data["codes"]
    assert code["code"] in ("API-000001", "code") and code["n"] == 1 and code["revealed_at"]
    assert ask(buyer, "post", reveal, {"understood": True, "codes": [code["id"]]}).data == opened.data
    assert AuditEntry.objects.filter(act="code.revealed").count() == 1
    assert ask(shop, "get", pool).data["pools"][0]["counts"]["revealed"] == 1


def pay(number: str) -> None:
    from shop.models import Order
    from tests.sandbox import pay_at_bank

    pay_at_bank(Order.objects.get(number=number).payment_id)


@pytest.mark.parametrize("said", [{}, {"understood": False}, {"understood": "yes"}, {"understood": True, "codes": []}])
def test_codes_are_not_opened_by_who_does_not_say_that_he_knows(said):
    order = paid_order(variant=code_variant(keys=1))
    answer = ask(client_of(order.buyer), "post", f"/orders/{order.number}/codes/reveal/", said)
    assert answer.status == 400
    assert not CardKey.objects.filter(seen_at__isnull=False).exists()


def test_nobody_else_opens_them_and_none_is_kept_with_a_request_key():
    order = paid_order(variant=code_variant(keys=1))
    path, value = f"/orders/{order.number}/codes/reveal/", CardKey.objects.get().open()
    for client in (client_of(UserFactory()), client_of(order.store.owner), client_of()):
        assert ask(client, "post", path, {"understood": True}).status in (401, 403, 404)
    other = paid_order(variant=code_variant(keys=1))
    foreign = str(CardKey.objects.get(order_line__order=other).pk)
    assert ask(client_of(order.buyer), "post", path, {"understood": True, "codes": [foreign]}).status == 404
    answer = ask(client_of(order.buyer), "post", path, {"understood": True}, idempotency_key="open-1")
    assert answer.data["codes"][0]["code"] == value
    assert value not in json.dumps(list(IdempotencyKey.objects.values_list("response", flat=True)))


def test_lines_that_cannot_be_taken_are_named_and_nothing_is_half_done():
    variant = code_variant(keys=0)
    shop, pool = client_of(variant.product.store.owner), f"/merchant/products/{variant.product_id}/codes/"
    codes = ["ONE-00001", "", "one00001", "TWO-00001"]
    refused = ask(shop, "post", pool, {"codes": codes})
    assert (refused.status, refused.data["code"]) == (400, "bad_lines")
    assert set(refused.data["fields"]) == {"lines.2", "lines.3"}
    looked = ask(shop, "post", pool, {"codes": codes, "preview": True})
    assert looked.status == 200 and looked.data["batch"] is None and looked.data["taken"] == 2
    assert [row["line"] for row in looked.data["left_out"]] == [2, 3]
    assert CardKey.objects.count() == 0
    taken = ask(shop, "post", pool, {"codes": codes, "leave_out_bad": True})
    assert taken.status == 201 and taken.data["taken"] == CardKey.objects.count() == 2
    assert ask(shop, "post", pool, {"codes": ["ONE-00001"], "leave_out_bad": True}).data["code"] == "no_codes"


@pytest.mark.parametrize(
    "body",
    [
        {}, {"codes": []}, {"codes": "ABCD-1"}, {"codes": [7]}, {"codes": ["A\nB-123"]}, {"codes": ["AB-123"], "x": 1},
        {"codes": ["AB-123"], "expires_on": "tomorrow"}, {"codes": ["x" * 2001]}, {"codes": ["AB-123"], "variant": "1"},
    ],
)  # fmt: skip
def test_what_is_no_list_of_codes_is_refused(body):
    variant = code_variant(keys=0)
    pool = f"/merchant/products/{variant.product_id}/codes/"
    assert ask(client_of(variant.product.store.owner), "post", pool, body).status == 400
    assert CardKey.objects.count() == 0


def test_a_pool_of_another_store_and_one_of_goods_do_not_exist():
    variant, other = code_variant(keys=1), StoreFactory()
    goods = ProductFactory(store=other)
    for pk in (variant.product_id, goods.pk):
        for method, body in (("get", None), ("post", {"codes": ["AB-12345"]})):
            assert ask(client_of(other.owner), method, f"/merchant/products/{pk}/codes/", body).status == 404


def test_codes_that_expire_too_soon_are_refused():
    variant = code_variant(keys=0)
    body = {"codes": ["AB-12345"], "expires_on": (clock.now() + timedelta(days=3)).date().isoformat()}
    answer = ask(
        client_of(variant.product.store.owner), "post", f"/merchant/products/{variant.product_id}/codes/", body
    )
    assert (answer.status, answer.data["code"]) == (400, "bad_lines")


def test_goods_still_need_an_address():
    variant = ProductFactory().variants.get()
    buyer = client_of(UserFactory())
    cart = ask(buyer, "post", "/cart/lines/", {"variant": str(variant.pk), "quantity": 1}).data
    answer = ask(buyer, "post", "/checkout/", {"total": cart["total"]}, idempotency_key="no-address")
    assert (answer.status, answer.data["code"]) == (400, "address_needed")
    assert "address" in answer.data["fields"]
