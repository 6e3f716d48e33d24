"""The sandbox bank's doors: its page for payers, its signed API, its book; and staff's page for stuck money."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from accounts.services.step_up import staff_money
from core import clock, wire
from core.actor import SYSTEM
from core.errors import NotFound
from escrow.gateways import gateway, use
from escrow.gateways.base import Refused
from escrow.gateways.signing import HEADER, sign
from escrow.models import Payout, Refund
from escrow.services import holds, payments, payouts, refunds
from escrow.states import PayoutStatus, ReceiptOutcome, RefundStatus
from shop.models import Order
from tests import sandbox
from tests.accounts.proofs import prove_me
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.escrow import OrderFactory, ScriptedGateway, held, movement, open_payment, payout_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment():
    order = OrderFactory()
    payment = open_payment(12_800, buyer_id=order.buyer_id)
    Order.objects.filter(pk=order.pk).update(payment=payment)
    payments.start_payment(payment_id=payment.pk)
    return payment


def page(payment) -> str:
    return reverse("sandbox:pay", args=[payment.pk])


def post_json(url: str, body: object):
    return Client().post(url, body, content_type="application/json")


def test_the_page_shows_the_amount(client, payment):
    answer = client.get(page(payment))
    assert answer.status_code == 200
    assert "128" in answer.content.decode()


def test_a_payer_pays_and_is_sent_back_to_the_shop(client, payment):
    answer = client.post(page(payment), {"outcome": "paid"})
    assert answer.status_code == 302
    assert answer.url.endswith(reverse("shop:payment-return", args=[payment.pk]))
    assert sandbox.charge_of(payment.pk).state == "paid"


def test_the_json_door_asks_for_no_token_but_a_form_must_have_one(payment):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(page(payment), {"outcome": "paid"}).status_code == 403
    answer = strict.post(page(payment), {"outcome": "paid"}, content_type="application/json")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["amount"]["minor"], len(body["movements"])) == ("paid", 12_800, 1)


def test_whoever_comes_before_the_payment_page_was_seen(client):
    order = OrderFactory()
    fresh = open_payment(12_800, buyer_id=order.buyer_id)
    assert client.get(page(fresh)).status_code == 200
    answer = client.get(page(fresh), headers={"accept": "application/json"})
    assert answer.json()["status"] == "open"
    fresh.pk = order.pk
    assert client.get(page(fresh)).status_code == 404


@pytest.mark.parametrize(
    "body",
    ["{", "[]", {}, {"outcome": "rob"}, {"outcome": "wrong_amount", "amount_minor": -5}, {"outcome": None},
     {"outcome": "wrong_amount", "amount_minor": 1.5}, {"outcome": "wrong_amount", "amount_minor": True},
     {"outcome": "wrong_amount", "amount": "1e9"}, {"outcome": "wrong_amount", "amount_minor": 10**13}],
)  # fmt: skip
def test_nonsense_is_refused_and_moves_nothing(payment, body):
    answer = post_json(page(payment), body)
    assert answer.status_code == 400
    assert sandbox.charge_of(payment.pk).arrivals == []


def test_there_is_no_bank_outside_a_sandbox(client, payment, settings):
    url = page(payment)
    settings.SANDBOX = False
    assert client.get(url).status_code == 404
    assert client.get(reverse("sandbox:bank")).status_code == 404
    with pytest.raises(NotFound):
        gateway("sandbox")


def ask(act: str, body: dict[str, object], settings, *, secret: str = ""):
    raw = json.dumps(body).encode()
    values = settings.PROVIDERS["sandbox"]
    header = sign(raw, secret=secret or values["secret"])
    return wire.client().post(f"{values['api_base']}/{act}", content=raw, headers={HEADER: header})


def test_the_api_wants_a_signature_for_this_very_act(payment, settings):
    payment.refresh_from_db()
    body = {"act": "query-payment", "reference": payment.reference}
    assert ask("query-payment", body, settings).status_code == 200
    assert ask("query-payment", body, settings, secret="guessed").status_code == 401
    assert ask("close-payment", body, settings).status_code == 409
    assert ask("rob", body, settings).status_code == 404
    assert ask("query-payment", {"act": "query-payment"}, settings).status_code == 400
    assert ask("query-payment", {"act": "query-payment", "reference": "none"}, settings).status_code == 409


def test_the_bank_gives_back_no_more_than_arrived(payment):
    payment.refresh_from_db()
    post_json(page(payment), {"outcome": "paid"})
    bank = gateway("sandbox")
    arrived = bank.query_payment(reference=payment.reference).movements[0]
    asked = {"reference": payment.reference, "movement_ref": arrived.ref}
    half = type(arrived.amount)(6_400)
    assert bank.refund(key="a", amount=half, **asked).status == "done"
    assert bank.refund(key="a", amount=half, **asked).ref == bank.query_refund(key="a", reference="").ref
    with pytest.raises(Refused):
        bank.refund(key="a", amount=type(half)(1), **asked)
    with pytest.raises(Refused):
        bank.refund(key="b", amount=type(half)(6_401), **asked)
    assert bank.refund(key="b", amount=half, **asked).status == "done"
    assert bank.query_refund(key="c", reference="").status == "unknown"


def earned(number: str) -> Payout:
    hold = held(10_000)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(hold.store_id, number)
    payout = payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    assert payout is not None
    return payouts.send_payout(payout_id=payout.pk, now=clock.now())


def test_account_numbers_with_a_meaning(client):
    assert earned("6222021234561234").status == PayoutStatus.PAID
    assert earned("6222021234560000").status == PayoutStatus.FAILED
    slow = earned("6222021234561111")
    assert slow.status == PayoutStatus.SENT
    (reference,) = [row.ref for row in sandbox.book().transfers.values() if row.state == "pending"]
    client.post(reverse("sandbox:bank-decide", args=[reference]), {"state": "done"})
    assert payouts.send_payout(payout_id=slow.pk, now=clock.now()).status == PayoutStatus.PAID
    again = client.post(
        reverse("sandbox:bank-decide", args=[reference]), {"state": "done"}, headers={"accept": "application/json"}
    )
    assert again.status_code == 409


def test_the_banks_book(client, payment):
    earned("6222021234561234")
    answer = client.get(reverse("sandbox:bank"))
    assert answer.status_code == 200
    assert "·1234" in answer.content.decode()
    rows = client.get(reverse("sandbox:bank"), {"kind": "payout"}, headers={"accept": "application/json"}).json()
    assert [row["kind"] for row in rows["charges"]] == ["payout"]


def test_staff_see_stuck_money_and_act(client):
    order = OrderFactory()
    payment = open_payment(12_800, buyer_id=order.buyer_id)
    Order.objects.filter(pk=order.pk).update(payment=payment)
    parked = payments.park(
        payment=payment, gateway="sandbox", movement=movement(99), reason="wrong_amount", now=clock.now()
    )
    hold = held(500)
    failed = holds.refund(order_id=hold.order_id, actor=SYSTEM, reason="cancelled", now=clock.now())
    with use("sandbox", ScriptedGateway(Refused("account closed"))):
        refunds.send_refund(refund_id=failed.pk, now=clock.now())
    client.force_login(MediatorFactory())
    text = client.get(reverse("console:payments")).content.decode()
    assert order.number in text
    assert "account closed" in text
    prove_me(client, staff_money("receipt.return", parked.pk))
    client.post(reverse("console:receipt-return", args=[parked.pk]))
    parked.refresh_from_db()
    assert parked.outcome == ReceiptOutcome.RETURNED
    assert Refund.objects.get(receipt=parked).amount_minor == 99
    client.post(reverse("console:refund-retry", args=[failed.pk]))
    failed.refresh_from_db()
    assert failed.status == RefundStatus.PENDING


def test_nobody_else_sees_it(client):
    assert client.get(reverse("console:payments")).status_code == 302
    client.force_login(UserFactory())
    assert client.get(reverse("console:payments")).status_code == 404
    assert client.post(reverse("console:receipt-return", args=[1])).status_code == 404


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_bank_that_is_down_is_said_on_its_pages(client, payment, settings, accept):
    settings.FAKEPAY_URL = "http://127.0.0.1:1"
    settings.PROVIDERS = {**settings.PROVIDERS, "sandbox": {"api_base": "http://127.0.0.1:1/sandbox", "secret": "x"}}
    for url in (page(payment), reverse("sandbox:bank"), reverse("sandbox:pay-at", args=["sandbox", "SB0"])):
        answer = client.get(url, headers={"accept": accept})
        assert answer.status_code in (404, 503), (url, answer.status_code)
    answer = client.post(page(payment), {"outcome": "paid"}, headers={"accept": accept})
    assert answer.status_code == 503
    decided = reverse("sandbox:bank-decide", args=["PO1"])
    assert client.post(decided, {"state": "done"}, headers={"accept": accept}).status_code == 503
