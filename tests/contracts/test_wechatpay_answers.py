"""What WeChat Pay answers, and how we ask: nothing counts that is not signed, fresh and whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from core.money import Money
from escrow.fakepay.wechat.keys import Keys
from escrow.gateways.base import (
    Refused,
    Unavailable,
)
from escrow.gateways.wechatpay import build
from escrow.gateways.wechatpay.calls import number_of
from tests.contracts.conftest import Bank, Shop
from tests.contracts.partner_wechatpay import PARTNER
from tests.contracts.partners import Deal, deal_with
from tests.contracts.wechat import OPENID, YEAR_2017, create, over


@pytest.fixture
def deal(bank: Bank, shop: Shop) -> Deal:
    return deal_with(PARTNER, bank, shop)


@pytest.fixture
def keys(deal: Deal) -> Keys:
    return deal.bank.app.dialects["wechat"].keys


def test_an_answer_counts_only_when_the_platform_has_signed_it_lately(keys: Keys):
    body = b'{"code_url": "weixin://wxpay/bizpayurl?pr=x"}'
    good = keys.signed(body)
    bad = [
        {}, keys.signed(b"{}"), keys.signed(body, at=YEAR_2017), {**good, "Wechatpay-Serial": "other"},
        {**good, "Wechatpay-Signature": "WECHATPAY/SIGNTEST/x"},
    ]  # fmt: skip
    assert create(over(keys, lambda _: httpx.Response(200, content=body, headers=good))).qr.startswith("weixin://")
    for headers in bad:
        with pytest.raises(Unavailable):
            create(over(keys, lambda _, headers=headers: httpx.Response(200, content=body, headers=headers)))


@pytest.mark.parametrize("status", [400, 403, 404, 200, 204])
def test_an_unsigned_no_tells_nothing(keys: Keys, status: int):
    """A page of some machine in between must not make a refund fail that has gone out."""
    body = b'{"code": "NOT_ENOUGH"}'
    gateway = over(keys, lambda _: httpx.Response(status, content=body))
    for act in (
        lambda: gateway.refund(key="refund:1", reference="a" * 32, movement_ref="4200", amount=Money(1)),
        lambda: gateway.payout(key="payout:1", amount=Money(100), bank="", holder="Lin", number=OPENID),
        lambda: gateway.query_payment(reference="a" * 32),
        lambda: gateway.query_refund(key="refund:1", reference=""),
        lambda: gateway.close_payment(reference="a" * 32),
    ):
        with pytest.raises(Unavailable):
            act()


@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [
        (400, {"code": "PARAM_ERROR", "message": "参数错误"}, Refused), (403, {"code": "NO_AUTH"}, Refused),
        (400, {"code": "SYSTEM_ERROR"}, Unavailable), (429, {"code": "FREQUENCY_LIMITED"}, Unavailable),
        (403, {"code": "FREQUENCY_LIMITED"}, Unavailable), (500, {"code": "SYSTEM_ERROR"}, Unavailable),
        (401, {"code": "SIGN_ERROR"}, Unavailable), (302, {}, Unavailable), (400, {}, Unavailable),
        (200, [], Unavailable), (200, {}, Unavailable), (200, {"code_url": 5}, Unavailable),
        (200, {"code_url": ""}, Unavailable), (200, "x", Unavailable),
    ],
)  # fmt: skip
def test_signed_answers_are_read_with_care(keys: Keys, status: int, body: Any, raised: type[Exception]):
    raw = json.dumps(body, ensure_ascii=False).encode()
    with pytest.raises(raised) as told:
        create(over(keys, lambda _: httpx.Response(status, content=raw, headers=keys.signed(raw))))
    if raised is Refused:
        assert told.value.why.startswith(body["code"])


ORDER = {
    "mchid": "1900000001", "appid": "wxfakepay00000001", "out_trade_no": "a" * 32, "trade_state": "SUCCESS",
    "transaction_id": "4200", "success_time": "2026-01-01T10:00:00+08:00",
    "amount": {"total": 100, "payer_total": 90, "currency": "CNY"},
}  # fmt: skip


def told_as(keys: Keys, **changed: Any) -> Any:
    raw = json.dumps({**ORDER, **changed}).encode()
    gateway = over(keys, lambda _: httpx.Response(200, content=raw, headers=keys.signed(raw)))
    return gateway.query_payment(reference="a" * 32)


@pytest.mark.parametrize(
    ("word", "status"),
    [("SUCCESS", "paid"), ("REFUND", "paid"), ("NOTPAY", "open"), ("USERPAYING", "open"), ("CLOSED", "closed"),
     ("REVOKED", "closed"), ("PAYERROR", "declined")],
)  # fmt: skip
def test_their_states_are_ours(keys: Keys, word: str, status: str):
    state = told_as(keys, trade_state=word)
    assert (state.status, state.payee) == (status, "1900000001/wxfakepay00000001")
    assert [row.amount.minor for row in state.movements] == ([100] if status == "paid" else [])


def test_another_merchant_or_app_is_another_payee(keys: Keys):
    ours = over(keys, lambda _: httpx.Response(500)).payee
    assert told_as(keys).payee == ours
    assert told_as(keys, mchid="1900000999").payee != ours
    assert told_as(keys, appid="wxother").payee != ours


@pytest.mark.parametrize(
    "changed",
    [{"trade_state": "NEW_STATE"}, {"trade_state": None}, {"mchid": None}, {"transaction_id": ""}, {"amount": {}},
     {"amount": {"total": "100", "currency": "CNY"}}, {"amount": {"total": 1.5, "currency": "CNY"}},
     {"amount": {"total": True, "currency": "CNY"}}, {"amount": {"total": -1, "currency": "CNY"}},
     {"amount": {"total": 100}}, {"success_time": "2026-01-01T10:00:00"}, {"success_time": "soon"},
     {"out_trade_no": "b" * 32}],
)  # fmt: skip
def test_half_an_answer_is_none(keys: Keys, changed: dict[str, Any]):
    with pytest.raises(Unavailable):
        told_as(keys, **changed)


def test_a_coupon_of_wechats_is_money_too(deal: Deal):
    """The payer gives 90 of 100, WeChat the rest: what has arrived is what was asked for."""
    reference = deal.create().reference
    deal.charge.data["coupon"] = 1_000
    deal.book.pay(deal.charge.ref)
    assert deal.gateway.query_payment(reference=reference).movements[0].amount == deal.money(10_000)


def test_an_order_as_it_is_asked_for(keys: Keys):
    seen: list[dict[str, Any]] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(json.loads(request.content))
        return httpx.Response(500)

    with pytest.raises(Unavailable):
        create(over(keys, keep))
    (order,) = seen
    assert order["time_expire"] == "2026-01-01T08:00:00+08:00"
    assert order["amount"] == {"total": 100, "currency": "CNY"}
    assert order["settle_info"] == {"profit_sharing": True}
    assert (order["mchid"], order["appid"], len(order["description"])) == (keys.mchid, keys.appid, 127)


def test_other_currencies_are_refused_before_anything_is_asked(keys: Keys):
    def never(_: httpx.Request) -> httpx.Response:
        raise AssertionError("asked")

    gateway = over(keys, never)
    with pytest.raises(Refused):
        create(gateway, currency="USD")
    with pytest.raises(Refused):
        gateway.balance(currency="USD")


def test_numbers_are_short_allowed_and_never_shared():
    payment = uuid4()
    assert number_of(f"payment:{payment}") == payment.hex
    assert number_of("refund:12:2") == "refund-12-2"
    assert number_of("payout:12", joint="x") == "payoutx12"
    keys = ["a:1", "refund:1", "refund:11", "refund:1:1", "refund:1-1", "refund-1:1", "payment:x", "x" * 90, "退:1"]
    numbers = [number_of(key) for key in keys]
    assert len(set(numbers)) == len(keys)
    assert all(6 <= len(number) <= 32 and number.isascii() for number in numbers)


def test_within_wechats_own_browser_the_same_order_is_prepared(deal: Deal):
    ask = {"amount": deal.money(100), "description": "Tea", "notify_url": deal.shop.url, "openid": OPENID}
    expires = datetime.now(UTC) + timedelta(minutes=5)
    prepared = {deal.gateway.create_jsapi_payment(key="payment:one", expires_at=expires, **ask) for _ in range(2)}
    assert len(prepared) == 1
    assert deal.charge.data["body"]["payer"] == {"openid": OPENID}


def test_a_paid_order_says_so_instead_of_giving_its_code_again(deal: Deal):
    deal.create(key="payment:one")
    deal.book.pay(deal.charge.ref)
    with pytest.raises(Refused) as told:
        deal.create(key="payment:one")
    assert told.value.why.startswith("ORDERPAID")


def test_an_order_nobody_asked_for_is_open_and_closes(deal: Deal):
    assert deal.gateway.query_payment(reference="b" * 32).status == "open"
    assert deal.gateway.close_payment(reference="b" * 32) == "closed"


def test_only_our_merchant_is_answered(deal: Deal, keys: Keys):
    values = keys.shop_values(deal.bank.address("wechat"))
    for wrong in ({"mchid": "1900000999"}, {"serial": "FFFF"}, {"private_key": keys.platform_pem}):
        client = httpx.Client(base_url=values["api_base"], trust_env=False)
        with pytest.raises(Unavailable):
            build({**values, **wrong}, client=client).query_payment(reference="a" * 32)
