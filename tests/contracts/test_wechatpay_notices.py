"""WeChat Pay's notices: forged, old, altered, about somebody else, and of every kind."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from escrow.fakepay.wechat.keys import Keys
from escrow.gateways.base import (
    Acknowledges,
    BadSignature,
    Malformed,
)
from tests.contracts.conftest import Bank, Shop
from tests.contracts.partner_wechatpay import PARTNER
from tests.contracts.partners import Deal, deal_with
from tests.contracts.wechat import OPENID, heard, notice_in, paid_content


@pytest.fixture
def deal(bank: Bank, shop: Shop) -> Deal:
    return deal_with(PARTNER, bank, shop)


@pytest.fixture
def keys(deal: Deal) -> Keys:
    return deal.bank.app.dialects["wechat"].keys


@pytest.mark.parametrize(("age", "fresh"), [(290, True), (310, False), (-290, True), (-310, False)])
def test_five_minutes_either_way(deal: Deal, keys: Keys, age: int, fresh: bool):
    raw, _ = notice_in(keys, paid_content(keys))
    headers = keys.signed(raw, at=time.time() - age)
    if fresh:
        assert deal.gateway.parse_notice(raw_body=raw, headers=headers).kind == "payment"
    else:
        with pytest.raises(BadSignature):
            deal.gateway.parse_notice(raw_body=raw, headers=headers)


@pytest.mark.parametrize("missing", ["Serial", "Timestamp", "Nonce", "Signature"])
def test_without_a_header_it_is_not_believed(deal: Deal, keys: Keys, missing: str):
    raw, headers = notice_in(keys, paid_content(keys))
    del headers[f"Wechatpay-{missing}"]
    with pytest.raises(BadSignature):
        deal.gateway.parse_notice(raw_body=raw, headers=headers)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Signature", "WECHATPAY/SIGNTEST/abc"),
        ("Signature", "WECHATPAY/SIGNTEST/" + "A" * 325 + "=="),
        ("Signature", "&"),
        ("Signature", "AAAA"),
        ("Serial", "PUB_KEY_ID_OF_SOMEBODY"),
        ("Timestamp", "-5"),
        ("Timestamp", "1e9"),
        ("Timestamp", "٣" * 10),
        ("Timestamp", "9" * 400),
    ],
)
def test_strange_headers_are_not_believed(deal: Deal, keys: Keys, name: str, text: str):
    raw, headers = notice_in(keys, paid_content(keys))
    with pytest.raises(BadSignature):
        deal.gateway.parse_notice(raw_body=raw, headers={**headers, f"Wechatpay-{name}": text})


def test_header_names_come_in_any_case_and_the_signature_type_may_be_missing(deal: Deal, keys: Keys):
    raw, headers = notice_in(keys, paid_content(keys))
    del headers["Wechatpay-Signature-Type"]  # wechatpayv3 raises a bare Exception at this
    for change in (str.lower, str.upper):
        given = {change(name): text for name, text in headers.items()}
        assert deal.gateway.parse_notice(raw_body=raw, headers=given).kind == "payment"


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'"x"', b"\xff", b'{"resource": 5}', b"[" * 5_000])
def test_signed_but_no_notice(deal: Deal, keys: Keys, body: bytes):
    headers = keys.signed(body) if body != b"\xff" else keys.signed(b"{}")
    with pytest.raises((Malformed, BadSignature)):
        deal.gateway.parse_notice(raw_body=body, headers=headers)


@pytest.mark.parametrize(
    "changed",
    [{"mchid": "1900000999"}, {"appid": "wxsomebodyelse"}, {"out_trade_no": ""}, {"out_trade_no": None},
     {"out_trade_no": 5}, {"out_trade_no": "x" * 200}],
)  # fmt: skip
def test_a_notice_about_somebody_else_is_none_of_ours(deal: Deal, keys: Keys, changed: dict[str, Any]):
    raw, headers = notice_in(keys, paid_content(keys, **changed))
    with pytest.raises(Malformed):
        deal.gateway.parse_notice(raw_body=raw, headers=headers)


@pytest.mark.parametrize("missing", ["mchid", "appid"])
def test_a_payment_that_names_no_payee_is_none(deal: Deal, keys: Keys, missing: str):
    content = paid_content(keys)
    del content[missing]
    raw, headers = notice_in(keys, content)
    with pytest.raises(Malformed):
        deal.gateway.parse_notice(raw_body=raw, headers=headers)


@pytest.mark.parametrize(
    "field", [{"algorithm": "none"}, {"ciphertext": "AAAA"}, {"ciphertext": "&"}, {"nonce": "1"}, {"nonce": 1},
              {"associated_data": "other"}, {"ciphertext": None}]
)  # fmt: skip
def test_what_cannot_be_opened_is_no_notice(deal: Deal, keys: Keys, field: dict[str, Any]):
    raw, _ = notice_in(keys, paid_content(keys))
    body = json.loads(raw)
    body["resource"] |= field
    raw = json.dumps(body).encode()
    with pytest.raises(Malformed):
        deal.gateway.parse_notice(raw_body=raw, headers=keys.signed(raw))


def test_each_kind_of_notice_is_told_apart(deal: Deal):
    reference, movement = deal.paid()
    deal.gateway.refund(key="refund:1", reference=reference, movement_ref=movement, amount=deal.money(1_000))
    deal.gateway.release(key="release:1", reference=reference, amount=deal.money(1_000), destination="1900000109")
    deal.gateway.payout(key="payout:1", amount=deal.money(1_000), bank="", holder="Lin Mei", number=OPENID)
    deal.book.open_dispute(deal.charge.ref, minor=1_000)
    told = [deal.gateway.parse_notice(raw_body=body, headers=headers) for headers, body in heard(deal)]
    assert [(notice.kind, notice.payment_reference, notice.key[:9]) for notice in told] == [
        ("payment", reference, reference[:9]),
        ("refund", reference, "refund-1"),
        ("other", "", "release-1"),
        ("payout", "", "payoutx1"),
        ("other", "", told[4].key[:9]),
    ]
    assert len({notice.event_id for notice in told}) == 5


def test_the_answer_is_what_wechat_pay_wants(deal: Deal):
    assert isinstance(deal.gateway, Acknowledges)
    assert deal.gateway.acknowledgement == ("application/json", b'{"code":"SUCCESS"}')
