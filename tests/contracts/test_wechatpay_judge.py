"""
WeChat Pay: wechatpayv3 as an independent judge of both sides.

The library signs, verifies and opens on its own; nothing of it is used by the shop or by the pretended provider.
"""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from wechatpayv3 import WeChatPay as Judge
from wechatpayv3 import WeChatPayType
from wechatpayv3.utils import load_public_key, rsa_sign, rsa_verify

from escrow.fakepay.wechat.keys import Keys
from escrow.gateways.base import (
    BadSignature,
    Unavailable,
)
from escrow.gateways.wechatpay.payments import CHINA
from tests.contracts.conftest import Bank, Shop
from tests.contracts.partner_wechatpay import PARTNER
from tests.contracts.partners import Deal, deal_with
from tests.contracts.wechat import OPENID, YEAR_2017, create, heard, notice_in, over, paid_content


@pytest.fixture
def deal(bank: Bank, shop: Shop) -> Deal:
    return deal_with(PARTNER, bank, shop)


@pytest.fixture
def keys(deal: Deal) -> Keys:
    return deal.bank.app.dialects["wechat"].keys


@pytest.fixture
def judge(deal: Deal, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """The library, told to talk to the pretended provider."""
    monkeypatch.setenv("NO_PROXY", "*")
    client = Judge(
        WeChatPayType.NATIVE, mchid=keys.mchid, private_key=keys.merchant_pem, cert_serial_no=keys.serial,
        appid=keys.appid, apiv3_key=keys.apiv3_key, notify_url="https://shop.test/notify",
        public_key=keys.platform_public_pem, public_key_id=keys.platform_serial,
    )  # fmt: skip
    client._core._gate_way = deal.bank.address("wechat")
    return client


def test_the_judge_opens_our_notices(deal: Deal, judge: Judge):
    reference, movement = deal.paid()
    deal.gateway.refund(key="refund:1", reference=reference, movement_ref=movement, amount=deal.money(4_000))
    (paid, back) = (judge.callback(headers, body) for headers, body in heard(deal))
    assert (paid["event_type"], back["event_type"]) == ("TRANSACTION.SUCCESS", "REFUND.SUCCESS")
    assert paid["resource"]["out_trade_no"] == back["resource"]["out_trade_no"] == reference
    assert paid["resource"]["amount"]["total"] == back["resource"]["amount"]["total"] == 10_000
    assert back["resource"]["out_refund_no"] == "refund-1"


def test_the_judge_pays_asks_refunds_and_closes(deal: Deal, judge: Judge):
    own, other = uuid4().hex, uuid4().hex
    for number in (own, other):
        code, text = judge.pay("Tea", out_trade_no=number, amount={"total": 10_000, "currency": "CNY"})
        assert code == 200 and json.loads(text)["code_url"].startswith("weixin://wxpay/bizpayurl?pr=")
    deal.book.pay(own)
    assert json.loads(judge.query(out_trade_no=own)[1])["trade_state"] == "SUCCESS"
    ask = {"refund": 4_000, "total": 10_000, "currency": "CNY"}
    assert json.loads(judge.refund("refund-7", amount=ask, out_trade_no=own)[1])["status"] == "SUCCESS"
    assert json.loads(judge.query_refund("refund-7")[1])["amount"]["refund"] == 4_000
    assert json.loads(judge.query(out_trade_no=own)[1])["trade_state"] == "REFUND"
    assert judge.close(other)[0] == 204
    assert json.loads(judge.close(own)[1])["code"] == "ORDERPAID"
    state = deal.gateway.query_payment(reference=own)
    assert (state.status, state.movements[0].amount) == ("paid", deal.money(10_000))
    assert deal.gateway.query_refund(key="refund:7", reference=own).status == "done"


def test_the_judge_shares_unfreezes_and_transfers(deal: Deal, judge: Judge):
    reference, movement = deal.paid()
    code, text = judge._core.request(
        "/v3/profitsharing/orders",
        method=_post(),
        data={
            "appid": deal.gateway.caller.appid, "transaction_id": movement, "out_order_no": "release-1",
            "receivers": [{"type": "MERCHANT_ID", "account": PARTNER.destination, "amount": 4_000, "description": "x"}],
            "unfreeze_unsplit": False,
        },
    )  # fmt: skip
    assert (code, json.loads(text)["state"]) == (200, "FINISHED")
    assert deal.gateway.query_release(key="release:1", reference=reference).status == "done"
    assert json.loads(judge.profitsharing_amount_query(movement)[1])["unsplit_amount"] == 6_000
    assert judge.profitsharing_unfreeze(movement, "rest-1", "the rest")[0] == 200
    assert deal.gateway.still_frozen(reference=reference) == deal.money(0)
    code, _ = judge.mch_transfer_bills(
        "payoutx1", "1009", OPENID, 2_000, "Sales", user_name="林美",
        transfer_scene_report_infos=[{"info_type": "a", "info_content": "b"}],
    )  # fmt: skip
    assert code == 200
    assert next(row for row in deal.book.transfers.values() if row.kind == "payout").data["name"] == "林美"
    assert deal.gateway.query_payout(key="payout:1").status == "done"


def _post() -> Any:
    from wechatpayv3.type import RequestType

    return RequestType.POST


def test_the_judge_downloads_the_bills(deal: Deal, judge: Judge):
    deal.paid()
    today = datetime.now(CHINA).date()
    told = json.loads(judge.trade_bill(f"{today:%Y-%m-%d}", tar_type="")[1])
    path = told["download_url"].removeprefix(deal.bank.address("wechat"))
    raw = judge._core.request(path, skip_verify=True)[1]  # no signature lies over the file itself
    assert raw == deal.gateway.trade_bill(day=today)
    lines = raw.decode("utf-8-sig").split("\r\n")
    assert lines[1].startswith("`") and ",`100.00," in lines[1]


def test_our_signature_is_the_one_that_the_judge_expects(deal: Deal, keys: Keys):
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(500)

    gateway = over(keys, keep)
    for act in (lambda: gateway.query_payment(reference="a" * 32), lambda: create(gateway)):
        with pytest.raises(Unavailable):
            act()
    merchant = load_pem_private_key(keys.merchant_pem.encode(), None).public_key()
    for request in seen:
        parts = dict(part.split("=", 1) for part in request.headers["Authorization"].split(" ", 1)[1].split(","))
        said = {name: text.strip('"') for name, text in parts.items()}
        lines = f"{request.method}\n{request.url.raw_path.decode()}\n{said['timestamp']}"
        assert rsa_verify(lines, said["nonce_str"], request.content.decode(), said["signature"], merchant)
        assert (said["mchid"], said["serial_no"]) == (keys.mchid, keys.serial)


def test_we_accept_what_the_judge_signs(deal: Deal, keys: Keys):
    raw, headers = notice_in(keys, paid_content(keys))
    stamp, nonce = str(int(time.time())), "judge"
    signature = rsa_sign(load_pem_private_key(keys.platform_pem.encode(), None), f"{stamp}\n{nonce}\n{raw.decode()}\n")
    headers |= {"Wechatpay-Timestamp": stamp, "Wechatpay-Nonce": nonce, "Wechatpay-Signature": signature}
    assert deal.gateway.parse_notice(raw_body=raw, headers=headers).payment_reference == "a" * 32


def test_the_judge_and_we_read_the_same_public_key(keys: Keys, deal: Deal):
    ours = next(iter(deal.gateway.caller.platform.values()))
    assert load_public_key(keys.platform_public_pem).public_numbers() == ours.public_numbers()


def test_a_message_of_2017_is_refused_though_the_judge_takes_it(deal: Deal, keys: Keys, judge: Judge):
    raw, _ = notice_in(keys, paid_content(keys))
    old = keys.signed(raw, at=YEAR_2017)
    assert judge.callback(old, raw)["resource"]["out_trade_no"] == "a" * 32
    with pytest.raises(BadSignature):
        deal.gateway.parse_notice(raw_body=raw, headers=old)
