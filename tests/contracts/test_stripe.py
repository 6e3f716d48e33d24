"""The Stripe adapter where the suite of all adapters does not reach: ends of sessions, currencies, refusals, doubts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from core.money import BadAmount, Money, from_provider, to_provider
from escrow.gateways.base import Refused, Unavailable
from escrow.gateways.stripe import CURRENCIES, build
from escrow.gateways.stripe.wire import flat
from tests.contracts.partners import Deal, deal_with, partners


@pytest.fixture
def deal(bank, shop) -> Deal:
    return deal_with(partners()["stripe"], bank, shop, timeout_seconds=5)


def answering(status: int, body: object = None, *, secret_key: str = "sk_test_x"):
    """The adapter, with one answer to whatever it asks."""
    transport = httpx.MockTransport(lambda asked: httpx.Response(status, json=body))
    client = httpx.Client(transport=transport, base_url="http://stripe.test")
    return build({"secret_key": secret_key, "account": "acct_1us"}, client=client)


# --- ends of a session ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [1, 30, 60, 23 * 60, 24 * 60, 3 * 24 * 60])
def test_a_session_ends_within_what_stripe_allows(deal, minutes):
    deal.expires_at = datetime.now(UTC) + timedelta(minutes=minutes)
    deal.create()
    left = deal.charge.expires_at - datetime.now(UTC).timestamp()
    assert 30 * 60 <= left <= 24 * 3600
    assert left >= min(minutes * 60, 24 * 3600 - 60)


def test_the_same_page_whenever_it_is_asked_for(deal, monkeypatch):
    """First with Stripe's own end, later near enough to name ours: still the first call's session."""
    deal.expires_at = datetime.now(UTC) + timedelta(hours=30)
    first = deal.create(key="payment:one")

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(hours=10)

    monkeypatch.setattr("escrow.gateways.stripe.payments.datetime", Later)
    assert deal.create(key="payment:one") == first
    assert len(deal.book.charges) == 1


def test_methods_that_do_not_take_the_currency_are_left_out(deal):
    for currency, methods in {"USD": 3, "MYR": 2, "SEK": 2, "KRW": 1}.items():
        created = deal.gateway.create_payment(
            key=f"payment:{currency}", amount=Money(10_000, currency), description="Order", notify_url="",
            return_url="http://shop.test/", expires_at=deal.expires_at,
        )  # fmt: skip
        assert len(deal.book.charge(created.reference).data["methods"]) == methods


# --- amounts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("money", "units"),
    [
        (Money(1_234, "USD"), 1_234),
        (Money(500, "JPY"), 500),
        (Money(5, "ISK"), 500),
        (Money(5, "UGX"), 500),
        (Money(12_345, "HUF"), 12_345),
        (Money(12_340, "KWD"), 12_340),
        (Money(500, "MGA"), 5),
    ],
)
def test_amounts_in_stripes_units(money, units):
    assert to_provider(money, provider="stripe") == units
    assert from_provider(units, currency=money.currency.lower(), provider="stripe") == money


@pytest.mark.parametrize("money", [Money(12_345, "KWD"), Money(550, "MGA")])
def test_what_stripe_cannot_move_exactly_is_refused(money):
    with pytest.raises(BadAmount):
        to_provider(money, provider="stripe")


def test_a_fraction_of_our_unit_is_no_amount():
    with pytest.raises(BadAmount):
        from_provider(550, currency="isk", provider="stripe")


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_every_currency_comes_back_as_it_went(currency):
    for minor in (10, 990, 1_000_000):
        money = Money(minor, currency)
        assert from_provider(to_provider(money, provider="stripe"), currency=currency, provider="stripe") == money


def test_iceland_pays_what_it_was_asked(deal):
    created = deal.gateway.create_payment(
        key="payment:isk", amount=Money(1_500, "ISK"), description="Order", notify_url="",
        return_url="http://shop.test/", expires_at=deal.expires_at,
    )  # fmt: skip
    assert deal.charge.minor == 150_000
    deal.book.pay(created.reference)
    (movement,) = deal.gateway.query_payment(reference=created.reference).movements
    assert movement.amount == Money(1_500, "ISK")


# --- refusals and doubts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 409, 429, 500, 502, 503])
def test_what_may_pass_is_no_refusal(status):
    gateway = answering(status, {"error": {"code": "idempotency_key_in_use"}})
    with pytest.raises(Unavailable):
        gateway.payout(key="payout:1", amount=Money(1, "USD"), bank="", holder="", number="acct_1")


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (400, {"error": {"code": "balance_insufficient", "type": "invalid_request_error"}}, "balance_insufficient"),
        (400, {"error": {"type": "idempotency_error"}}, "idempotency_error"),
        (402, {"error": {"code": "card_declined"}}, "card_declined"),
        (404, {}, "404"),
        (400, [], "400"),
    ],
)
def test_a_refusal_has_stripes_word(status, body, why):
    with pytest.raises(Refused) as told:
        answering(status, body).payout(key="payout:1", amount=Money(1, "USD"), bank="", holder="", number="acct_1")
    assert told.value.why == why


def test_an_answer_that_is_no_json_tells_nothing():
    transport = httpx.MockTransport(lambda asked: httpx.Response(200, content=b"<html>"))
    gateway = build(
        {"secret_key": "sk_test_x"}, client=httpx.Client(transport=transport, base_url="http://stripe.test")
    )
    with pytest.raises(Unavailable):
        gateway.balance(currency="USD")


def a_session(**more) -> dict:
    charge = {
        "id": "ch_1", "amount_captured": 100, "captured": True, "currency": "usd", "created": 1_700_000_000,
        "status": "succeeded", **more.pop("charge", {}),
    }  # fmt: skip
    intent = {"id": "pi_1", "amount_received": 100, "latest_charge": charge, "transfer_group": "g"}
    return {"id": "cs_1", "status": "complete", "livemode": False, "payment_intent": intent, **more}


def test_test_money_is_not_live_money():
    assert answering(200, a_session()).query_payment(reference="cs_1").payee == "acct_1us"
    for shown, secret_key in ((a_session(), "sk_live_x"), (a_session(livemode=True), "sk_test_x")):
        gateway = answering(200, shown, secret_key=secret_key)
        assert gateway.query_payment(reference="cs_1").payee != gateway.payee


@pytest.mark.parametrize("charge", [{"on_behalf_of": "acct_1other"}, {"transfer_data": {"destination": "acct_1other"}}])
def test_money_that_is_settled_elsewhere_is_not_ours(charge):
    assert answering(200, a_session(charge=charge)).query_payment(reference="cs_1").payee == "acct_1other"


@pytest.mark.parametrize(
    ("word", "status"),
    [("needs_response", "open"), ("under_review", "open"), ("won", "won"), ("lost", "lost"),
     ("warning_needs_response", "won"), ("warning_closed", "won")],
)  # fmt: skip
def test_a_question_of_the_bank_is_not_a_loss(deal, word, status):
    reference, _ = deal.paid()
    row = deal.book.open_dispute(deal.charge.ref)
    row.data["status"] = word
    told = deal.gateway.query_dispute(ref=row.ref)
    assert (told.status, told.payment_reference) == (status, reference)
    assert told.answer_by is not None


def test_a_disputed_charge_gives_nothing_back(deal):
    reference, movement = deal.paid()
    deal.book.open_dispute(deal.charge.ref)
    with pytest.raises(Refused) as told:
        deal.gateway.refund(key="refund:1", reference=reference, movement_ref=movement, amount=deal.money(1))
    assert told.value.why == "charge_disputed"


def test_releases_belong_to_their_payment(deal):
    reference, movement = deal.paid()
    deal.gateway.release(key="release:1", reference=reference, amount=deal.money(100), destination="acct_1merchant")
    (row,) = deal.book.transfers.values()
    assert (row.data["source"], row.data["group"]) == (movement, deal.charge.key)


def test_nothing_is_released_of_what_was_not_paid(deal):
    reference = deal.create().reference
    with pytest.raises(Refused):
        deal.gateway.release(key="release:1", reference=reference, amount=deal.money(1), destination="acct_1merchant")


def test_stripe_is_not_called_escrow(deal):
    assert deal.gateway.capabilities.wording == "protected payment"
    assert deal.gateway.capabilities.hold_days == 90


def test_nested_fields():
    fields = {"a": {"b": [1, {"c": True}]}, "d": None, "e": "x"}
    assert flat(fields) == [("a[b][0]", "1"), ("a[b][1][c]", "true"), ("e", "x")]
