"""Idempotency-Key: the same request twice is done once and answered the same."""

from __future__ import annotations

from functools import partial

import pytest

from accounts.services.step_up import Act
from core.api import OnceMixin
from core.models import IdempotencyKey
from escrow.models import Payout
from escrow.queries import books
from shop.models import Order, Product
from tests.api.people import ask, client_of, cny, proven, system_of
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.escrow import payout_account
from tests.factories.shop import CategoryFactory, ProductFactory, StoreFactory
from tests.stories import delivered_order, fill_cart
from tests.together import at_once

GOOD = {"price": {"minor": 1000, "currency": "CNY"}, "stock": 5}


def ready_to_buy():
    address, variant = AddressFactory(), ProductFactory().variants.get()
    fill_cart(address.user, variant)
    return client_of(address.user), {"address": str(address.pk), "total": cny(variant.price_minor)}


@pytest.mark.django_db
def test_the_same_checkout_again_gives_the_same_orders():
    buyer, body = ready_to_buy()
    first = ask(buyer, "post", "/checkout/", body, idempotency_key="k1")
    again = ask(buyer, "post", "/checkout/", body, idempotency_key="k1")
    assert first.status == again.status == 201 and first.data == again.data
    assert "Idempotent-Replay" not in first.headers and again.headers["Idempotent-Replay"] == "true"
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_for_another_body_is_422():
    buyer, body = ready_to_buy()
    ask(buyer, "post", "/checkout/", body, idempotency_key="k1")
    other = ask(buyer, "post", "/checkout/", {**body, "note": "x"}, idempotency_key="k1")
    assert (other.status, other.data["code"]) == (422, "idempotency_key_reused")
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_without_a_key_each_request_is_its_own():
    buyer, body = ready_to_buy()
    assert ask(buyer, "post", "/checkout/", body).status == 201
    assert ask(buyer, "post", "/checkout/", body).data["code"] == "nothing_to_buy"


@pytest.mark.django_db
def test_a_refusal_is_repeated_too():
    buyer, body = ready_to_buy()
    wrong = {**body, "total": cny(1)}
    first = ask(buyer, "post", "/checkout/", wrong, idempotency_key="k1")
    again = ask(buyer, "post", "/checkout/", wrong, idempotency_key="k1")
    assert first.status == again.status == 409 and first.data == again.data
    assert again.headers["Idempotent-Replay"] == "true"


@pytest.mark.django_db
def test_keys_are_of_one_person_and_one_address():
    owner = UserFactory()
    stores = [StoreFactory(owner=owner), StoreFactory(owner=owner)]
    body = {"category": CategoryFactory().slug, "title": "杯子", "variants": [GOOD]}
    made = {
        ask(system_of(store), "post", "/merchant/products/", body, idempotency_key="k").data["id"] for store in stores
    }
    assert len(made) == 2 == Product.objects.count()
    order = delivered_order()
    buyer = client_of(order.buyer)
    assert ask(buyer, "post", f"/orders/{order.number}/extend/", {}, idempotency_key="k").status == 200
    assert ask(buyer, "post", f"/orders/{order.number}/confirm/", {}, idempotency_key="k").status == 200


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", " ", "a b", "键", "x" * 81, "\x7f"])
def test_a_key_that_is_none_is_refused(key):
    buyer, body = ready_to_buy()
    answer = ask(buyer, "post", "/checkout/", body, idempotency_key=key)
    assert (answer.status, answer.data["code"]) == (400, "bad_idempotency_key")
    assert not Order.objects.exists() and not IdempotencyKey.objects.exists()


@pytest.mark.django_db
def test_who_may_not_enter_leaves_no_key_behind():
    for client in (client_of(), client_of(UserFactory())):
        ask(client, "post", "/merchant/payouts/", {}, idempotency_key="k1")
    assert not IdempotencyKey.objects.exists()


@pytest.mark.django_db
def test_a_request_under_way_is_409():
    buyer, body = ready_to_buy()
    ask(buyer, "post", "/checkout/", body, idempotency_key="k1")
    IdempotencyKey.objects.update(status=None, response=None)
    answer = ask(buyer, "post", "/checkout/", body, idempotency_key="k1")
    assert (answer.status, answer.data["code"]) == (409, "request_in_progress")
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_a_crash_frees_the_key(monkeypatch):
    from shop.api import cart as door

    buyer, body = ready_to_buy()
    place = door.purchase.place

    def crash(**_: object) -> None:
        raise RuntimeError("lightning")

    monkeypatch.setattr(door.purchase, "place", crash)
    with pytest.raises(RuntimeError):
        ask(buyer, "post", "/checkout/", body, idempotency_key="k1")
    monkeypatch.setattr(door.purchase, "place", place)
    assert ask(buyer, "post", "/checkout/", body, idempotency_key="k1").status == 201


@pytest.mark.django_db
def test_confirming_twice_pays_once():
    order = delivered_order()
    buyer = client_of(order.buyer)
    answers = [ask(buyer, "post", f"/orders/{order.number}/confirm/", {}, idempotency_key="c") for _ in range(3)]
    assert {answer.status for answer in answers} == {200}
    assert ask(buyer, "post", f"/orders/{order.number}/confirm/").data["code"] == "already_closed"
    assert books().balanced


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_same_checkout_eight_times_at_once_is_one_order():
    buyer, body = ready_to_buy()
    session = buyer.cookies

    def act():
        client = client_of()
        client.cookies = session
        return ask(client, "post", "/checkout/", body, idempotency_key="k1")

    answers = at_once([act] * 8)
    assert {answer.status for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status == 201]
    assert done and len({answer.data["payment"]["id"] for answer in done}) == 1
    assert {answer.data["code"] for answer in answers if answer.status == 409} <= {"request_in_progress"}
    assert Order.objects.count() == 1
    assert act().data == done[0].data


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_a_key_parallel_payouts_still_take_the_balance_once():
    order = delivered_order()
    ask(client_of(order.buyer), "post", f"/orders/{order.number}/confirm/", {})
    payout_account(order.store_id)
    system = system_of(order.store)
    token, store = system._credentials, order.store
    proofs = [proven(store.owner, Act("payout", order.total_minor * 95 // 100, "CNY", str(store.pk))) for _ in range(6)]

    def act(proof):
        client = client_of()
        client.credentials(**token)
        return ask(client, "post", "/merchant/payouts/", {}, step_up_proof=proof)

    answers = at_once([partial(act, proof) for proof in proofs])
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert Payout.objects.count() == 1 and books().balanced


def test_every_door_that_moves_money_is_one_that_happens_once():
    from disputes.api import cases
    from shop.api import cart, merchant_money, merchant_orders, merchant_products, orders

    moving = [
        cart.Checkout, orders.CancelOrder, orders.ConfirmReceipt, orders.ExtendInspection, cases.Cases, cases.Act,
        merchant_money.Payouts, merchant_orders.MerchantShipments, merchant_products.MerchantProducts,
    ]  # fmt: skip
    assert all(issubclass(view, OnceMixin) for view in moving)
