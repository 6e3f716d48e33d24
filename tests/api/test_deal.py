"""A whole deal over the API: buy, pay at the bank, ship, deliver, confirm, be paid."""

from __future__ import annotations

import pytest

from accounts.services.step_up import Act
from escrow.queries import books
from escrow.services.payments import start_payment
from logistics.models import Shipment
from logistics.states import ShipmentStatus
from shop.models import Order
from tests.api.people import ask, client_of, cny, proven, system_of
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.escrow import payout_account
from tests.factories.shop import ProductFactory
from tests.sandbox import pay_at_bank
from tests.stories import paid_order, sandbox_carrier, scan

pytestmark = pytest.mark.django_db


def test_from_the_shelf_to_the_merchants_bank():
    product = ProductFactory()
    store, variant = product.store, product.variants.get()
    sandbox_carrier(store.pk)
    payout_account(store.pk)
    address = AddressFactory()
    buyer, shop = client_of(address.user), system_of(store)

    found = ask(client_of(), "get", f"/products/?store={store.slug}").data["results"]
    assert [row["id"] for row in found] == [str(product.pk)]
    detail = ask(client_of(), "get", f"/products/{product.pk}/").data
    wanted = detail["variants"][0]
    assert wanted["id"] == str(variant.pk) and wanted["price"] == cny(12_800)

    cart = ask(buyer, "post", "/cart/lines/", {"variant": wanted["id"], "quantity": 2})
    assert cart.status == 201 and cart.data["total"] == cny(25_600 + store.shipping_minor)
    body = {"address": str(address.pk), "total": cart.data["total"], "note": "轻放"}
    bought = ask(buyer, "post", "/checkout/", body, idempotency_key="deal-1")
    assert bought.status == 201
    number, payment = bought.data["orders"][0]["number"], bought.data["payment"]
    assert payment["amount"] == cart.data["total"] and payment["expires_at"].endswith("Z")
    assert payment["url"] == start_payment(payment_id=payment["id"]).url
    assert payment["qr"] == "" and payment["instructions"] == {}
    assert ask(buyer, "get", "/cart/").data["groups"] == []
    variant.refresh_from_db()
    assert variant.stock == 8

    assert ask(buyer, "get", f"/orders/{number}/money/").data["hold"] is None
    pay_at_bank(payment["id"])
    money = ask(buyer, "get", f"/orders/{number}/money/").data
    assert money["hold"]["status"] == "held" and money["hold"]["rest"] == cny(25_600)
    assert money["lines"][0]["amount"] == cny(25_600)
    assert ask(shop, "get", "/merchant/balance/").data["held"] == cny(25_600)

    row = ask(shop, "get", "/merchant/orders/?view=to_ship").data["results"][0]
    assert row["number"] == number and row["address"]["city"] == "杭州市" and row["note"] == "轻放"
    parcel = ask(
        shop, "post", f"/merchant/orders/{number}/shipments/",
        {"carrier": "sandbox", "tracking_number": "TS0000012345", "weight_g": 400}, idempotency_key="ship-1",
    )  # fmt: skip
    assert parcel.status == 201 and parcel.data["tracking_number"] == "TS0000012345"

    shipment = Shipment.objects.get(pk=parcel.data["id"])
    scan(shipment, ShipmentStatus.PICKED_UP)
    scan(shipment, ShipmentStatus.DELIVERED, grade="B")
    order = ask(buyer, "get", f"/orders/{number}/").data
    assert order["status"] == "delivered" and {"confirm", "case", "extend"} <= set(order["acts"])
    assert order["sentence"]["text"] and order["sentence"]["clock"]["due_at"]
    assert order["shipments"][0]["status"] == "delivered"
    story = ask(buyer, "get", f"/orders/{number}/timeline/").data
    assert len(story["story"]) >= 4 and len(story["shipments"][0]["events"]) == 2

    assert (
        ask(buyer, "post", f"/orders/{number}/extend/").data["inspection_ends_at"]
        > order["sentence"]["clock"]["due_at"]
    )
    done = ask(buyer, "post", f"/orders/{number}/confirm/", {}, idempotency_key="confirm-1")
    assert done.status == 200 and done.data["status"] == "completed"

    balance = ask(shop, "get", "/merchant/balance/").data
    assert balance["available"] == cny(24_320) and balance["held"] == cny(0) == balance["frozen"]
    line = ask(shop, "get", "/merchant/statement/").data["results"][0]
    assert line["amount"] == line["balance"] == cny(24_320) and line["order_number"] == number
    proof = proven(store.owner, Act("payout", 24_320, "CNY", str(store.pk)))
    paid = ask(shop, "post", "/merchant/payouts/", {}, idempotency_key="out-1", step_up_proof=proof)
    assert paid.status == 201 and paid.data["amount"] == cny(24_320) and paid.data["account"] == "1234"
    after = ask(shop, "get", "/merchant/balance/").data
    assert after["available"] == cny(0) and after["arriving"] == cny(24_320) == after["total"]
    assert ask(shop, "post", "/merchant/payouts/").data["code"] == "nothing_to_pay_out"
    assert books().balanced


def test_a_changed_total_buys_nothing():
    product = ProductFactory()
    address = AddressFactory()
    buyer = client_of(address.user)
    cart = ask(buyer, "post", "/cart/lines/", {"variant": str(product.variants.get().pk), "quantity": 1}).data
    product.variants.update(price_minor=20_000)
    answer = ask(buyer, "post", "/checkout/", {"address": str(address.pk), "total": cart["total"]})
    assert (answer.status, answer.data["code"]) == (409, "total_changed")
    assert not Order.objects.exists()
    problem = ask(buyer, "get", "/cart/").data["groups"][0]["lines"][0]
    assert problem["problem"] == "price" and problem["old_unit"] == cny(12_800) and problem["unit"] == cny(20_000)


@pytest.mark.parametrize("change", [{"currency": "USD"}, {"minor": 12_799}])
def test_another_amount_or_currency_than_the_carts_buys_nothing(change):
    address = AddressFactory()
    buyer = client_of(address.user)
    cart = ask(buyer, "post", "/cart/lines/", {"variant": str(ProductFactory().variants.get().pk), "quantity": 1}).data
    answer = ask(buyer, "post", "/checkout/", {"address": str(address.pk), "total": {**cart["total"], **change}})
    assert answer.status in (400, 409) and not Order.objects.exists()


def test_somebody_elses_address_is_none():
    buyer = client_of(UserFactory())
    cart = ask(buyer, "post", "/cart/lines/", {"variant": str(ProductFactory().variants.get().pk), "quantity": 1}).data
    body = {"address": str(AddressFactory().pk), "total": cart["total"]}
    assert ask(buyer, "post", "/checkout/", body).status == 404
    assert not Order.objects.exists()


def test_some_lines_can_be_bought_alone():
    address = AddressFactory()
    buyer = client_of(address.user)
    for _ in range(2):
        cart = ask(
            buyer, "post", "/cart/lines/", {"variant": str(ProductFactory().variants.get().pk), "quantity": 1}
        ).data
    line = cart["groups"][0]["lines"][0]
    body = {"address": str(address.pk), "lines": [line["id"]], "total": cart["groups"][0]["total"]}
    assert len(ask(buyer, "post", "/checkout/", body).data["orders"]) == 1
    left = ask(buyer, "get", "/cart/").data["groups"]
    assert len(left) == 1 and left[0]["lines"][0]["id"] != line["id"]


def test_asvs_16_5_2_a_bank_that_does_not_answer_leaves_the_orders_and_our_own_page(monkeypatch):
    from escrow.gateways.base import Unavailable
    from shop.api import cart as door

    def silent(**_: object) -> str:
        raise Unavailable

    monkeypatch.setattr(door.payments, "start_payment", silent)
    address = AddressFactory()
    buyer = client_of(address.user)
    cart = ask(buyer, "post", "/cart/lines/", {"variant": str(ProductFactory().variants.get().pk), "quantity": 1}).data
    bought = ask(buyer, "post", "/checkout/", {"address": str(address.pk), "total": cart["total"]})
    assert bought.status == 201
    assert bought.data["payment"]["url"].endswith(f"/pay/{bought.data['payment']['id']}/")


def test_cancelling_an_unpaid_order_gives_the_goods_back():
    address = AddressFactory()
    buyer, variant = client_of(address.user), ProductFactory().variants.get()
    cart = ask(buyer, "post", "/cart/lines/", {"variant": str(variant.pk), "quantity": 3}).data
    bought = ask(buyer, "post", "/checkout/", {"address": str(address.pk), "total": cart["total"]}).data
    answer = ask(buyer, "post", f"/orders/{bought['orders'][0]['number']}/cancel/", {"reason": "再想想"})
    assert answer.status == 200 and answer.data["status"] == "cancelled"
    variant.refresh_from_db()
    assert variant.stock == 10


def test_a_paid_order_in_time_is_not_cancelled_and_an_unshipped_one_not_confirmed():
    order = paid_order()
    buyer = client_of(order.buyer)
    assert ask(buyer, "post", f"/orders/{order.number}/cancel/").data["code"] == "not_overdue"
    assert ask(buyer, "post", f"/orders/{order.number}/confirm/").data["code"] == "not_shipped_yet"
    assert ask(buyer, "post", f"/orders/{order.number}/extend/").data["code"] == "no_clock"
    assert books().balanced


def test_the_cart_is_changed_and_emptied():
    buyer, variant = client_of(UserFactory()), ProductFactory().variants.get()
    line = ask(buyer, "post", "/cart/lines/", {"variant": str(variant.pk), "quantity": 1}).data["groups"][0]["lines"][0]
    changed = ask(buyer, "patch", f"/cart/lines/{line['id']}/", {"quantity": 4})
    assert changed.data["groups"][0]["lines"][0]["quantity"] == 4
    assert ask(buyer, "patch", f"/cart/lines/{line['id']}/", {"quantity": 11}).data["code"] == "out_of_stock"
    assert ask(client_of(UserFactory()), "patch", f"/cart/lines/{line['id']}/", {"quantity": 1}).status == 404
    assert ask(client_of(UserFactory()), "delete", f"/cart/lines/{line['id']}/").status == 404
    assert ask(buyer, "delete", f"/cart/lines/{line['id']}/").status == 204
    assert ask(buyer, "get", "/cart/").data == {"groups": [], "total": cny(0), "has_problems": False}
