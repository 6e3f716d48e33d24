"""
WeChat Pay: what only its adapter does, and wechatpayv3 as an independent judge of both sides.

The library signs, verifies and opens on its own; nothing of it is used by the shop or by the pretended provider.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from wechatpayv3 import WeChatPay as Judge
from wechatpayv3 import WeChatPayType
from wechatpayv3.utils import load_public_key, rsa_sign, rsa_verify

from core.money import Money
from escrow.fakepay.server import Server
from escrow.fakepay.serving import served
from escrow.fakepay.wechat.keys import Keys
from escrow.gateways.base import (
    Acknowledges,
    BadSignature,
    GivesStatements,
    Malformed,
    Refused,
    Releases,
    TellsBalance,
    Unavailable,
)
from escrow.gateways.wechatpay import WeChatPayGateway, build
from escrow.gateways.wechatpay.calls import number_of
from escrow.gateways.wechatpay.payments import CHINA
from tests.contracts.conftest import Bank, Shop
from tests.contracts.partner_wechatpay import PARTNER
from tests.contracts.partners import HASTY_SECONDS, Deal, deal_with

OPENID = PARTNER.number
YEAR_2017 = 1_500_000_000.0


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


def notice_in(keys: Keys, content: dict[str, Any], *, event: str = "TRANSACTION.SUCCESS", label: str = "transaction"):
    """A notice of any content: its bytes, and the headers that vouch for them."""
    body = {"id": "evt-1", "event_type": event, "resource_type": "encrypt-resource"}
    raw = json.dumps({**body, "resource": keys.sealed(content, label=label)}).encode()
    return raw, keys.signed(raw)


def paid_content(keys: Keys, **changed: Any) -> dict[str, Any]:
    return {"mchid": keys.mchid, "appid": keys.appid, "out_trade_no": "a" * 32, "trade_state": "SUCCESS"} | changed


def heard(deal: Deal) -> list[tuple[dict[str, str], bytes]]:
    deal.send_notices()
    return deal.shop.got


# --- the judge --------------------------------------------------------------------------------------------------------


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


# --- notices ----------------------------------------------------------------------------------------------------------


def test_a_message_of_2017_is_refused_though_the_judge_takes_it(deal: Deal, keys: Keys, judge: Judge):
    raw, _ = notice_in(keys, paid_content(keys))
    old = keys.signed(raw, at=YEAR_2017)
    assert judge.callback(old, raw)["resource"]["out_trade_no"] == "a" * 32
    with pytest.raises(BadSignature):
        deal.gateway.parse_notice(raw_body=raw, headers=old)


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


# --- answers ----------------------------------------------------------------------------------------------------------


def over(keys: Keys, answer: Any) -> WeChatPayGateway:
    """The adapter over a wire that answers what the test says."""
    base = "https://api.mch.weixin.qq.com"
    client = httpx.Client(base_url=base, transport=httpx.MockTransport(answer))
    return build(keys.shop_values(base), client=client)


def create(gateway: WeChatPayGateway, minor: int = 100, currency: str = "CNY") -> Any:
    return gateway.create_payment(
        key="payment:one", amount=Money(minor, currency), description="茶" * 200, return_url="", notify_url="https://s.t/n",
        expires_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


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


# --- asking -----------------------------------------------------------------------------------------------------------


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
    expires = datetime.now(UTC) + timedelta(minutes=5)
    deal.create(key="payment:one", expires_at=expires)
    deal.book.pay(deal.charge.ref)
    with pytest.raises(Refused) as told:
        deal.create(key="payment:one", expires_at=expires)
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


# --- refunds, releases, payouts ---------------------------------------------------------------------------------------


def test_no_refund_of_money_that_went_to_another(deal: Deal):
    reference, movement = deal.paid()
    deal.charge.data["paid_mchid"] = "1900000999"
    with pytest.raises(Refused):
        deal.gateway.refund(key="refund:1", reference=reference, movement_ref=movement, amount=deal.money(1))
    assert not deal.book.refunds


def test_a_refund_that_the_payers_card_does_not_take_has_failed(deal: Deal):
    reference, movement = deal.paid()
    deal.bad("refund", "failed")
    ask = {"reference": reference, "movement_ref": movement, "amount": deal.money(1_000)}
    state = deal.gateway.refund(key="refund:1", **ask)
    assert (state.status, state.reason) == ("failed", "ABNORMAL")


def test_a_release_waits_a_minute_after_the_payment(shop: Shop):
    app = Server({"wechat": {"shared_after_seconds": "60"}})
    with served(app) as base:
        deal = deal_with(PARTNER, Bank(app, base), shop)
        reference, _ = deal.paid()
        ask = {"key": "release:1", "reference": reference, "amount": deal.money(100), "destination": "1900000109"}
        assert deal.gateway.release(**ask).status == "pending"
        assert not deal.book.transfers, "not even asked"
        assert deal.gateway.query_release(key="release:1", reference=reference).status == "unknown"
        deal.charge.arrivals[0].at -= 61
        assert deal.gateway.release(**ask).status == "done"


def test_the_rest_of_a_payment_is_unfrozen_once(deal: Deal):
    reference, _ = deal.paid()
    deal.gateway.release(key="release:1", reference=reference, amount=deal.money(6_000), destination="1900000109")
    assert deal.gateway.still_frozen(reference=reference) == deal.money(4_000)
    states = {deal.gateway.unfreeze(key="rest:1", reference=reference) for _ in range(2)}
    assert [state.status for state in states] == ["done"]
    assert deal.gateway.still_frozen(reference=reference) == deal.money(0)
    with pytest.raises(Refused):
        deal.gateway.release(key="release:2", reference=reference, amount=deal.money(1), destination="1900000109")


def test_fifty_releases_of_a_payment_and_no_more(deal: Deal):
    reference, _ = deal.paid()
    for n in range(50):
        deal.gateway.release(key=f"release:{n}", reference=reference, amount=deal.money(1), destination="1900000109")
    with pytest.raises(Refused):
        deal.gateway.release(key="release:50", reference=reference, amount=deal.money(1), destination="1900000109")


def test_what_went_to_a_persons_wallet_does_not_come_back(deal: Deal):
    reference, _ = deal.paid()
    deal.gateway.release(key="release:1", reference=reference, amount=deal.money(100), destination=OPENID)
    with pytest.raises(Refused):
        deal.gateway.reverse_release(
            key="reverse:1", release_key="release:1", reference=reference, amount=deal.money(100)
        )


@pytest.mark.parametrize("number", ["6222021234561234", "", "o", "oFake payee 000000000000000", "1900000109"])
def test_a_payout_goes_to_an_openid_and_nowhere_else(deal: Deal, number: str):
    deal.paid()
    with pytest.raises(Refused) as told:
        deal.gateway.payout(key="payout:1", amount=deal.money(100), bank="工商银行", holder="张三", number=number)
    assert told.value.why == "NO_OPENID"
    assert not deal.book.transfers


@pytest.mark.parametrize(("minor", "name"), [(29, ""), (30, "张三"), (300_000, "张三")])
def test_the_payees_name_goes_along_hidden_where_it_may(deal: Deal, minor: int, name: str):
    deal.paid(500_000)
    deal.gateway.payout(key="payout:1", amount=deal.money(minor), bank="", holder="张三", number=OPENID)
    (row,) = deal.book.transfers.values()
    assert row.data["name"] == name


def test_a_payout_waits_for_its_payee(deal: Deal):
    deal.paid()
    deal.bad("payout", "pending")
    ask = {"key": "payout:1", "amount": deal.money(100), "bank": "", "holder": "Lin", "number": OPENID}
    assert deal.gateway.payout(**ask).status == "pending"
    (row,) = deal.book.transfers.values()
    deal.book.decide_transfer(row.ref, "failed")
    assert deal.gateway.query_payout(key="payout:1").status == "failed"


def test_without_a_scene_nothing_is_paid_out(keys: Keys):
    values = {**keys.shop_values("http://wechat.test"), "transfer_scene": ""}
    gateway = build(values, client=httpx.Client(base_url="http://wechat.test"))
    assert not gateway.capabilities.pays_out
    with pytest.raises(Refused):
        gateway.payout(key="payout:1", amount=Money(100), bank="", holder="Lin", number=OPENID)


@pytest.mark.parametrize(("word", "raised"), [("NOT_ENOUGH", Refused), ("SOMETHING_NEW", Unavailable)])
def test_a_new_word_for_no_is_not_taken_for_one(keys: Keys, word: str, raised: type[Exception]):
    """Their rule: with an unknown error the same number must be asked for, never another used."""
    raw = json.dumps({"code": word}).encode()
    gateway = over(keys, lambda _: httpx.Response(403, content=raw, headers=keys.signed(raw)))
    with pytest.raises(raised):
        gateway.payout(key="payout:1", amount=Money(100), bank="", holder="Lin", number=OPENID)


def test_what_it_can_do(deal: Deal, keys: Keys):
    gateway = deal.gateway
    assert isinstance(gateway, Releases) and isinstance(gateway, TellsBalance) and isinstance(gateway, GivesStatements)
    able = gateway.capabilities
    assert (able.hold_days, able.partial_release, able.pays_out) == (30, True, True)
    assert able.currencies == {"CNY"}
    values = {**keys.shop_values("http://wechat.test"), "hold_days": "180"}
    assert build(values, client=httpx.Client()).capabilities.hold_days == 180


def test_two_platform_keys_at_a_time(keys: Keys):
    values = keys.shop_values("http://wechat.test")
    serials = f"{keys.platform_serial},OLD"
    with pytest.raises(ValueError, match="zip"):
        build({**values, "platform_serial": serials}, client=httpx.Client())
    both = {**values, "platform_serial": serials, "platform_public_key": values["platform_public_key"] * 2}
    assert set(build(both, client=httpx.Client()).caller.platform) == {keys.platform_serial, "OLD"}


# --- bills ------------------------------------------------------------------------------------------------------------


def bill_at(keys: Keys, url: str, *, raw: bytes = b"", hash_value: str = "", hash_type: str = "SHA1") -> Any:
    told = json.dumps({"hash_type": hash_type, "hash_value": hash_value, "download_url": url}).encode()
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.path.startswith("/v3/bill/"):
            return httpx.Response(200, content=told, headers=keys.signed(told))
        return httpx.Response(200, content=raw)

    with pytest.raises(Unavailable):
        over(keys, answer).trade_bill(day=datetime.now(UTC).date())
    return asked


def test_a_bill_that_is_not_the_announced_file_is_not_taken(keys: Keys):
    home = "https://api.mch.weixin.qq.com/v3/billdownload/file?token=x"
    assert len(bill_at(keys, home, raw=b"a", hash_value="0" * 40)) == 2
    sha1_of_a = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
    assert len(bill_at(keys, home, raw=b"a", hash_value=sha1_of_a, hash_type="MD5")) == 2


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "https://evil.example/x", "https://api.mch.weixin.qq.com.evil.example/x",
            "https://api.mch.weixin.qq.com@evil.example/x", "file:///etc/passwd", "//evil.example/x"]
)  # fmt: skip
def test_a_bill_lies_nowhere_else(keys: Keys, url: str):
    assert len(bill_at(keys, url)) == 1, "the other address was not asked"


def test_a_day_without_movements_has_an_empty_statement(deal: Deal):
    statement = deal.gateway.statement(day=datetime.now(CHINA).date() - timedelta(days=3))
    assert statement.rows == ()


def test_both_bills_tell_the_same_payment(deal: Deal):
    from escrow.statements import wechatpay

    deal.book.fee_bps = 60
    reference, movement = deal.paid()
    deal.gateway.refund(key="refund:1", reference=reference, movement_ref=movement, amount=deal.money(4_000))
    deal.gateway.payout(key="payout:1", amount=deal.money(100), bank="", holder="Lin", number=OPENID)
    today = datetime.now(CHINA).date()
    trades = wechatpay.read(deal.gateway.trade_bill(day=today), name="t", day=today)
    flow = deal.gateway.statement(day=today)
    short = [(row.kind, row.gross.minor, row.fee.minor, row.reference) for row in flow.rows]
    assert short == [
        ("payment", 10_000, 60, reference),
        ("refund", -4_000, 0, "refund-1"),
        ("payout", -100, 0, "payoutx1"),
    ]
    assert trades.rows == flow.rows[:2]
    assert (trades.rows[0].ext_id, flow.closing) == (movement, deal.money(5_840))


# --- bad moods of the calls that the shared suite does not make ---------------------------------------------------------


def more_acts(deal: Deal) -> dict[str, Any]:
    reference, movement = deal.paid()
    gateway, today = deal.gateway, datetime.now(CHINA).date()
    gateway.refund(key="refund:1", reference=reference, movement_ref=movement, amount=deal.money(1_000))
    gateway.release(key="release:1", reference=reference, amount=deal.money(1_000), destination="1900000109")
    gateway.payout(key="payout:1", amount=deal.money(1_000), bank="", holder="Lin", number=OPENID)
    return {
        "query_refund": lambda: gateway.query_refund(key="refund:1", reference=reference),
        "query_release": lambda: gateway.query_release(key="release:1", reference=reference),
        "query_payout": lambda: gateway.query_payout(key="payout:1"),
        "unfreeze": lambda: gateway.unfreeze(key="rest:1", reference=reference),
        "balance": lambda: gateway.balance(currency="CNY").amount,
        "statement": lambda: gateway.statement(day=today),
        "download": lambda: gateway.statement(day=today),
    }


@pytest.mark.parametrize("mood", ["fail_before", "lose", "duplicate", "delay"])
@pytest.mark.parametrize(
    "op", ["query_refund", "query_release", "query_payout", "unfreeze", "balance", "statement", "download"]
)
def test_bad_moods(deal: Deal, op: str, mood: str):
    act = more_acts(deal)[op]
    deal.bad(op, mood, seconds=HASTY_SECONDS * 3)
    if mood == "duplicate":
        first = act()
    else:
        with pytest.raises(Unavailable):
            act()
        first = act()
    assert not deal.book.faults.rest(), "the fault was met"
    assert act() == first


def test_addresses_are_signed_with_their_query(deal: Deal, keys: Keys):
    """A request that was meant for another order is refused although its signature is one of ours."""
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(500)

    with pytest.raises(Unavailable):
        over(keys, keep).query_payment(reference="a" * 32)
    headers = {"Authorization": seen[0].headers["Authorization"]}
    with httpx.Client(base_url=deal.bank.address("wechat"), trust_env=False) as client:
        right = client.get(urlsplit(str(seen[0].url)).path + f"?mchid={keys.mchid}", headers=headers)
        wrong = client.get(f"/v3/pay/transactions/out-trade-no/{'b' * 32}?mchid={keys.mchid}", headers=headers)
    assert (right.status_code, wrong.status_code) == (404, 401)
