"""Stripe's own library and a second pretended Stripe as judges of ours: signatures, shapes, refusals."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import stripe

from core.money import Money
from escrow.gateways.base import BadSignature, Malformed
from escrow.gateways.stripe import build
from escrow.gateways.stripe.notices import TOLERANCE_SECONDS
from tests.contracts.partners import Deal, deal_with, partners
from tooling.house import any_port
from tooling.processes import Child, stop_all
from tooling.servers import wait_for

SECRET = "whsec_fakepay"


@pytest.fixture
def deal(bank, shop) -> Deal:
    return deal_with(partners()["stripe"], bank, shop, timeout_seconds=5)


@pytest.fixture
def library(deal) -> stripe.StripeClient:
    """stripe-python, talking to the pretended provider."""
    return stripe.StripeClient(
        "sk_test_fakepay", base_addresses={"api": deal.bank.address("stripe")}, max_network_retries=0
    )


def asked(minor: int = 5_000) -> dict:
    price = {"currency": "usd", "unit_amount": minor, "product_data": {"name": "A lamp"}}
    return {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "payment_method_types": ["card", "alipay", "wechat_pay"],
        "payment_method_options": {"wechat_pay": {"client": "web"}},
        "payment_intent_data": {"transfer_group": "payment:1", "metadata": {"key": "payment:1"}},
        "metadata": {"key": "payment:1"},
        "success_url": "http://shop.test/back",
        "cancel_url": "http://shop.test/back",
    }


# --- signatures -------------------------------------------------------------------------------------------------------


def test_stripes_library_believes_our_notices(deal):
    reference, movement = deal.paid()
    deal.gateway.refund(key="refund:1", reference=reference, movement_ref=movement, amount=deal.money(1_000))
    deal.book.open_dispute(deal.charge.ref, minor=1_000)
    deal.send_notices()
    events = [
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET) for headers, body in deal.shop.got
    ]
    assert [event.type for event in events] == [
        "checkout.session.completed",
        "refund.updated",
        "charge.dispute.created",
    ]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(deal.shop.got[0][1], deal.shop.got[0][0]["Stripe-Signature"], "whsec_other")


def signed(body: str, *, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    header = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=int(time.time()) - age)
    return {"Stripe-Signature": header}


def an_event(kind: str, shown: dict, **more: object) -> str:
    event = {"id": "evt_1", "object": "event", "type": kind, "livemode": False, "data": {"object": shown}, **more}
    return json.dumps(event)


def test_we_believe_what_stripes_library_signs(deal):
    shown = {"id": "cs_test_1", "metadata": {"key": "payment:1"}}
    body = an_event("checkout.session.completed", shown)
    notice = deal.gateway.parse_notice(raw_body=body.encode(), headers=signed(body))
    assert (notice.kind, notice.payment_reference, notice.key) == ("payment", "cs_test_1", "payment:1")


@pytest.mark.parametrize("age", [TOLERANCE_SECONDS + 2, -TOLERANCE_SECONDS - 2, 86_400])
def test_an_old_notice_is_not_believed(deal, age):
    body = an_event("checkout.session.completed", {"id": "cs_test_1"})
    with pytest.raises(BadSignature):
        deal.gateway.parse_notice(raw_body=body.encode(), headers=signed(body, age=age))


def test_several_signatures_while_a_secret_is_rolled(deal):
    body = an_event("checkout.session.completed", {"id": "cs_test_1"})
    now = int(time.time())
    old, ours = (
        stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=now).partition(",")[2]
        for secret in ("whsec_old", SECRET)
    )
    header = f"t={now},{old},v0=ignored,{ours}"
    assert stripe.Webhook.construct_event(body, header, SECRET)
    assert deal.gateway.parse_notice(raw_body=body.encode(), headers={"stripe-signature": header}).event_id == "evt_1"
    with pytest.raises(BadSignature):
        deal.gateway.parse_notice(raw_body=body.encode(), headers={"stripe-signature": f"t={now},{old}"})


@pytest.mark.parametrize(
    "header", ["", "t=", "v1=0", "t=1", "t=x,v1=0", "t=1,t=2,v1=0", "t=9999999999999,v1=0", "t=1,v1=é"]
)
def test_a_header_of_nonsense_is_not_believed(deal, header):
    with pytest.raises(BadSignature):
        deal.gateway.parse_notice(raw_body=b"{}", headers={"Stripe-Signature": header})


@pytest.mark.parametrize(
    "more",
    [{"livemode": True}, {"account": "acct_1somebody"}, {"id": ""}, {"id": "e" * 121}, {"data": []}, {"type": 1}],
)
def test_an_event_of_another_account_or_mode_is_none_of_ours(deal, more):
    body = an_event("checkout.session.completed", {"id": "cs_test_1"}, **{})
    body = json.dumps({**json.loads(body), **more})
    with pytest.raises(Malformed):
        deal.gateway.parse_notice(raw_body=body.encode(), headers=signed(body))


@pytest.mark.parametrize("body", ["", "[]", "5", "null", '"x"', "{}", "[" * 100_000])
def test_a_signed_body_that_is_no_event(deal, body):
    with pytest.raises(Malformed):
        deal.gateway.parse_notice(raw_body=body.encode(), headers=signed(body))


@pytest.mark.parametrize(
    ("kind", "shown", "heard"),
    [
        ("checkout.session.async_payment_succeeded", {"id": "cs_1"}, ("payment", "cs_1", "")),
        ("checkout.session.async_payment_failed", {"id": "cs_1"}, ("payment", "cs_1", "")),
        ("checkout.session.expired", {"id": "cs_1"}, ("payment", "cs_1", "")),
        ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1"}, ("refund", "pi_1", "")),
        ("refund.failed", {"id": "re_1", "payment_intent": {"id": "pi_1"}}, ("refund", "pi_1", "")),
        ("refund.updated", {"id": "re_1", "metadata": {"payment": "cs_1"}}, ("refund", "cs_1", "")),
        (
            "charge.dispute.funds_withdrawn",
            {"id": "dp_1", "payment_intent": "pi_1", "status": "needs_response"},
            ("dispute", "pi_1", "dp_1"),
        ),
        (
            "charge.dispute.created",
            {"id": "dp_1", "payment_intent": "pi_1", "status": "warning_needs_response"},
            ("other", "pi_1", ""),
        ),
        ("transfer.reversed", {"id": "tr_1"}, ("payout", "", "")),
        ("customer.created", {"id": "cus_1"}, ("other", "", "")),
    ],
)
def test_what_each_event_is_about(deal, kind, shown, heard):
    body = an_event(kind, shown)
    notice = deal.gateway.parse_notice(raw_body=body.encode(), headers=signed(body))
    assert (notice.kind, notice.payment_reference, notice.dispute_ref) == heard


# --- shapes and refusals: Stripe's library reads what the pretended provider says -------------------------------------


def test_stripes_library_buys_refunds_and_transfers(deal, library):
    session = library.v1.checkout.sessions.create(asked(), {"idempotency_key": "payment:1"})
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 5_000)
    deal.book.pay(session.id)
    session = library.v1.checkout.sessions.retrieve(session.id)
    intent = library.v1.payment_intents.retrieve(
        session.payment_intent, {"expand": ["latest_charge.balance_transaction"]}
    )
    assert (intent.status, intent.amount_received, intent.transfer_group) == ("succeeded", 5_000, "payment:1")
    assert intent.latest_charge.balance_transaction.net == 5_000
    library.v1.refunds.create({"payment_intent": intent.id, "amount": 1_000, "metadata": {"key": "refund:1"}})
    refunds = library.v1.refunds.list({"payment_intent": intent.id})
    assert [(row.amount, row.status, row.metadata["key"]) for row in refunds.data] == [(1_000, "succeeded", "refund:1")]
    transfer = library.v1.transfers.create(
        {
            "amount": 3_000, "currency": "usd", "destination": "acct_1merchant", "transfer_group": "payment:1",
            "source_transaction": intent.latest_charge.id,
        }
    )  # fmt: skip
    library.v1.transfers.reversals.create(transfer.id, {"amount": 500})
    (found,) = library.v1.transfers.list({"transfer_group": "payment:1"}).data
    assert (found.amount, found.amount_reversed, found.reversed) == (3_000, 500, False)
    assert library.v1.balance.retrieve().available[0].amount == 5_000 - 1_000 - 3_000 + 500
    payout = library.v1.payouts.create({"amount": 100, "currency": "usd"})
    assert library.v1.payouts.retrieve(payout.id).status == "paid"


def test_stripes_library_sees_the_refusals_it_knows(deal, library):
    session = library.v1.checkout.sessions.create(asked(), {"idempotency_key": "payment:1"})
    again = library.v1.checkout.sessions.create(asked(), {"idempotency_key": "payment:1"})
    assert again.id == session.id
    with pytest.raises(stripe.IdempotencyError):
        library.v1.checkout.sessions.create(asked(5_001), {"idempotency_key": "payment:1"})
    with pytest.raises(stripe.InvalidRequestError) as told:
        library.v1.checkout.sessions.retrieve("cs_test_unknown")
    assert (told.value.code, told.value.http_status) == ("resource_missing", 404)
    library.v1.checkout.sessions.expire(session.id)
    with pytest.raises(stripe.InvalidRequestError):
        library.v1.checkout.sessions.expire(session.id)
    stranger = stripe.StripeClient("sk_test_x", base_addresses={"api": deal.bank.address("stripe")})
    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.balance.retrieve()


def test_a_page_of_movements_goes_on(deal, library):
    """A statement longer than a page: every movement once, whichever side counts the pages."""
    library.v1.checkout.sessions.create(asked(100_000))
    deal.book.pay(deal.charge.ref)
    for number in range(120):
        deal.book.refund(key=f"refund:{number}", charge_ref=deal.charge.ref, minor=1)
    ids = [row.id for row in library.v1.balance_transactions.list({"limit": 50}).auto_paging_iter()]
    raw = json.loads(deal.gateway.raw_statement(day=datetime.now(UTC).date()))
    assert [row["id"] for row in raw["data"]] == ids
    assert len(set(ids)) == 121
    assert raw["has_more"] is False
    empty = json.loads(deal.gateway.raw_statement(day=datetime.now(UTC).date() - timedelta(days=2)))
    assert empty["data"] == []


# --- a second pretended Stripe ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def second(tmp_path_factory) -> Iterator[str]:
    """localstripe, in a process of its own. It knows no sessions, ignores keys, and never sends a refund's notice."""
    port = any_port()
    command = [str(Path(sys.executable).parent / "localstripe"), "--port", str(port), "--from-scratch"]
    child = Child("localstripe", command, env={}, log=tmp_path_factory.mktemp("localstripe") / "log")
    try:
        wait_for(port, child)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop_all([child])


def bought(library: stripe.StripeClient) -> stripe.PaymentIntent:
    card = {"number": "4242424242424242", "exp_month": "12", "exp_year": "2040", "cvc": "123"}
    method = library.v1.payment_methods.create({"type": "card", "card": card})
    intent = library.v1.payment_intents.create(
        {"amount": 5_000, "currency": "usd", "payment_method": method.id, "confirm": True}
    )
    return library.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})


@pytest.fixture
def elsewhere(second):
    """Our adapter and Stripe's library, both at the second Stripe."""
    values = {"secret_key": "sk_test_12345", "webhook_secret": SECRET}
    client = httpx.Client(base_url=second, trust_env=False, timeout=10)
    return build(values, client=client), stripe.StripeClient("sk_test_12345", base_addresses={"api": second})


def test_our_adapter_refunds_at_a_second_stripe(elsewhere):
    gateway, library = elsewhere
    intent = bought(library)
    charge = intent.latest_charge
    ref = charge if isinstance(charge, str) else charge.id
    state = gateway.refund(key="refund:1", reference="", movement_ref=ref, amount=Money(1_500, "USD"))
    assert state.status == "done"
    (row,) = library.v1.refunds.list({"payment_intent": intent.id}).data
    assert (row.id, row.amount, row.metadata["key"]) == (state.ref, 1_500, "refund:1")


def test_a_payment_intent_there_has_what_we_read_of_one(elsewhere):
    gateway, library = elsewhere
    intent = bought(library)
    there = gateway.wire.get(f"/v1/payment_intents/{intent.id}", {"expand": ["latest_charge"]})
    assert {"id", "amount", "currency", "status", "metadata", "last_payment_error", "latest_charge"} <= set(there)
    assert (there["status"], there["latest_charge"]["status"]) == ("succeeded", "succeeded")


def test_we_believe_the_notices_of_a_second_stripe(second, elsewhere, shop):
    gateway, library = elsewhere
    hook = {"url": shop.url, "secret": SECRET, "events": ["payment_intent.succeeded"]}
    with httpx.Client(trust_env=False, auth=("sk_test_12345", "")) as control:
        assert control.post(f"{second}/_config/webhooks/ours", json=hook).status_code == 200
    bought(library)
    until = time.monotonic() + 10
    while not shop.got and time.monotonic() < until:
        time.sleep(0.05)
    headers, body = shop.got[0]  # more may come: those of the tests before, which it sends when it gets round to it
    assert gateway.parse_notice(raw_body=body, headers=headers).kind == "other"
    assert stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET)
    with pytest.raises(BadSignature):
        gateway.parse_notice(raw_body=body + b" ", headers=headers)
