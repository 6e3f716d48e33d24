"""
Alipay's adapter and dialect before an independent judge: python-alipay-sdk speaks with the dialect, signs for the
adapter and reads what both have signed. Where the judge believes too much, the adapter must not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from alipay import AliPay
from alipay.exceptions import AliPayException
from django.core.exceptions import ImproperlyConfigured

from core.money import Money
from escrow.fakepay.alipay import words as theirs
from escrow.gateways import alipay
from escrow.gateways.alipay import words
from escrow.gateways.alipay.adapter import AlipayGateway
from escrow.gateways.base import BadSignature, Malformed, Refused, Releases, Unavailable
from tests.contracts.partner_alipay import visit

APP, SELLER = "2021000000000001", "2088000000000001"
AMOUNT = Money(12_800)


@pytest.fixture
def dialect(bank):
    return bank.app.dialects["alipay"]


def adapter(bank, *, timeout_seconds: float = 5, **more: str) -> AlipayGateway:
    values = {**bank.app.dialects["alipay"].shop_values(bank.address("alipay")), "royalty": "", **more}
    return alipay.build(values, client=httpx.Client(timeout=timeout_seconds, trust_env=False))


@pytest.fixture
def gateway(bank) -> AlipayGateway:
    return adapter(bank)


@pytest.fixture
def judge(bank, dialect) -> AliPay:
    """The shop's side in somebody else's words."""
    values = dialect.shop_values(bank.address("alipay"))
    made = AliPay(
        appid=values["app_id"], app_private_key_string=values["private_key"],
        alipay_public_key_string=values["alipay_public_key"],
    )  # fmt: skip
    made._gateway = values["api_base"]
    return made


@pytest.fixture
def signer(dialect) -> AliPay:
    """Alipay's side in somebody else's words: it signs with Alipay's key."""
    return AliPay(
        appid=APP, app_private_key_string=dialect.own_key,
        alipay_public_key_string=theirs.public_of(dialect.shop_key),
    )  # fmt: skip


def create(gateway: AlipayGateway, key: str = "payment:1", amount: Money = AMOUNT, **more):
    given = {
        "description": "Order at Tashi", "return_url": "http://shop.test/back", "notify_url": "http://shop.test/notify",
        "expires_at": datetime.now(UTC) + timedelta(minutes=30),
    }  # fmt: skip
    return gateway.create_payment(key=key, amount=amount, **given | more)


def pay(gateway: AlipayGateway, dialect, **how) -> tuple[str, str]:
    created = create(gateway)
    visit(created)
    dialect.book.pay(created.reference, **how)
    return created.reference, gateway.query_payment(reference=created.reference).movements[0].ref


# --- the judge --------------------------------------------------------------------------------------------------------


def test_the_judge_opens_and_follows_a_trade(bank, dialect, judge):
    address = judge._gateway + "?" + judge.api_alipay_trade_page_pay("Order", "order_1", "128.00")
    assert httpx.get(address, trust_env=False).status_code == 302
    assert judge.api_alipay_trade_query(out_trade_no="order_1")["trade_status"] == "WAIT_BUYER_PAY"
    dialect.book.pay("order_1")
    told = judge.api_alipay_trade_query(out_trade_no="order_1")
    assert (told["code"], told["trade_status"], told["total_amount"]) == ("10000", "TRADE_SUCCESS", "128.00")
    assert judge.api_alipay_trade_close(out_trade_no="order_1")["sub_code"] == "ACQ.TRADE_STATUS_ERROR"


def test_the_judge_refunds_and_shares_out(gateway, dialect, judge):
    _, trade_no = pay(gateway, dialect)
    refund = judge.api_alipay_trade_refund("28.00", trade_no=trade_no, out_request_no="r1")
    again = judge.api_alipay_trade_refund("28.00", trade_no=trade_no, out_request_no="r1")
    assert (refund["fund_change"], again["fund_change"], again["refund_fee"]) == ("Y", "N", "28.00")
    told = judge.api_alipay_trade_fastpay_refund_query("r1", trade_no=trade_no)
    assert (told["refund_status"], told["refund_amount"]) == ("REFUND_SUCCESS", "28.00")
    share = {"trans_in": "2088102146225135", "trans_in_type": "userId", "amount": "100.00"}
    settled = judge.api_alipay_trade_order_settle("s1", trade_no, [share])
    assert settled["code"] == "10000"
    assert settled["settle_no"]
    assert dialect.book.balance("CNY") == 0


def test_the_judge_is_refused_with_a_signed_no(gateway, dialect, judge):
    assert judge.api_alipay_trade_query(out_trade_no="nobody")["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    judge._app_private_key = AliPay(
        appid=APP, app_private_key_string=theirs.key_pair("stranger")[0],
        alipay_public_key_string=theirs.key_pair("stranger")[1],
    )._app_private_key  # fmt: skip
    assert judge.api_alipay_trade_query(out_trade_no="nobody")["sub_code"] == "isv.invalid-signature"
    judge._appid = "2021999999999999"
    with pytest.raises(AliPayException):
        judge.api_alipay_trade_query(out_trade_no="nobody")


def test_the_judge_reads_our_address(gateway, signer):
    created = create(gateway, description="Shoes & socks = a pair / 袜子")
    fields = dict(parse_qsl(urlsplit(created.url).query))
    content = json.loads(fields["biz_content"])
    assert content["out_trade_no"] == created.reference == "payment_1"
    assert (content["total_amount"], content["product_code"]) == ("128.00", "FAST_INSTANT_TRADE_PAY")
    assert content["subject"] == "Shoes socks a pair 袜子"
    assert (fields["return_url"], fields["notify_url"]) == ("http://shop.test/back", "http://shop.test/notify")
    signature = fields.pop("sign")
    sign_type = fields.pop("sign_type")
    # a request's signature covers its sign_type, which the judge's verify() takes out as it must of a notice
    message = "&".join(f"{name}={text}" for name, text in sorted({**fields, "sign_type": sign_type}.items()))
    assert signer._verify(message, signature)
    assert not signer._verify(message.replace("128.00", "1.28"), signature)


def test_the_judge_believes_our_notices(gateway, dialect, judge):
    pay(gateway, dialect)
    fields = form(dialect.notice(dialect.book.events[0]).body)
    signature = fields.pop("sign")
    assert judge.verify(dict(fields), signature)
    assert not judge.verify({**fields, "total_amount": "0.01"}, signature)


# --- notices ----------------------------------------------------------------------------------------------------------


def form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def notice(signer: AliPay, **changes: str | None) -> bytes:
    """A notice as the judge signs it."""
    fields = {
        "notify_time": words.stamp(datetime.now(UTC)), "notify_type": "trade_status_sync", "notify_id": "n-1",
        "app_id": APP, "seller_id": SELLER, "charset": "utf-8", "version": "1.0", "trade_no": "2026112822001",
        "out_trade_no": "payment_1", "trade_status": "TRADE_SUCCESS", "total_amount": "128.00",
        "subject": "袜子 & more",
    }  # fmt: skip
    given = {name: text for name, text in {**fields, **changes}.items() if text is not None}
    sign_type = given.pop("sign_type", "RSA2")
    message = "&".join(f"{name}={text}" for name, text in sorted(given.items()))
    return urlencode({**given, "sign_type": sign_type, "sign": signer._sign(message)}).encode()


def heard(gateway: AlipayGateway, body: bytes):
    return gateway.parse_notice(raw_body=body, headers={})


def test_what_the_judge_signs_is_heard(gateway, signer):
    told = heard(gateway, notice(signer))
    assert (told.event_id, told.payment_reference, told.key, told.kind) == ("n-1", "payment_1", "payment_1", "payment")
    back = heard(gateway, notice(signer, refund_fee="1.00", gmt_refund="2026-11-28 10:00:00.1", out_biz_no="refund_1"))
    assert (back.kind, back.key) == ("refund", "refund_1")


@pytest.mark.parametrize("changes", [{"app_id": "2021000000000002"}, {"seller_id": "2088000000000002"}])
def test_somebody_elses_notice_is_not_ours_though_the_judge_takes_it(gateway, judge, signer, changes):
    body = notice(signer, **changes)
    fields = form(body)
    signature = fields.pop("sign")
    assert judge.verify(fields, signature)
    with pytest.raises(BadSignature):
        heard(gateway, body)


def ago(**how: int) -> str:
    return words.stamp(datetime.now(UTC) - timedelta(**how))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"sign_type": "RSA"}, BadSignature),
        ({"app_id": None}, BadSignature),
        ({"seller_id": None}, BadSignature),
        ({"notify_time": ago(days=8)}, BadSignature),
        ({"notify_time": ago(days=-1)}, BadSignature),
        ({"notify_time": "yesterday"}, Malformed),
        ({"notify_time": None}, Malformed),
        ({"notify_id": None}, Malformed),
        ({"notify_id": "n" * 121}, Malformed),
        ({"out_trade_no": None}, Malformed),
        ({"total_amount": None}, Malformed),
        ({"total_amount": "1.005"}, Malformed),
    ],
)
def test_notices_that_are_refused(gateway, signer, changes, refusal):
    with pytest.raises(refusal):
        heard(gateway, notice(signer, **changes))


def test_a_notice_of_the_last_try_is_still_heard(gateway, signer):
    assert heard(gateway, notice(signer, notify_time=ago(hours=30))).event_id == "n-1"


def test_a_notice_signed_by_a_stranger_or_twice_said(gateway, signer):
    stranger = SimpleNamespace(_sign=lambda text: theirs.sign(text, pem=theirs.key_pair("stranger")[0]))
    for body in (notice(stranger), notice(signer) + b"&app_id=" + APP.encode(), b"sign=%ff&sign_type=RSA2", b"\xff=1"):
        with pytest.raises(BadSignature):
            heard(gateway, body)


def test_the_answer_to_a_notice(gateway):
    assert gateway.acknowledgement == ("text/plain", b"success")


# --- what the answers mean --------------------------------------------------------------------------------------------


def scripted(bank, *nodes: dict[str, object] | Callable[[httpx.Request], httpx.Response], **more: str):
    """An adapter whose questions are answered from a list, and the questions it asked."""
    asked: list[tuple[str, dict[str, object], dict[str, str]]] = []
    rest = list(nodes)

    def respond(request: httpx.Request) -> httpx.Response:
        fields = dict(request.url.params)
        asked.append((fields["method"], json.loads(form(request.content)["biz_content"]), fields))
        node = rest.pop(0)
        if callable(node):
            return node(request)
        name = fields["method"].replace(".", "_") + "_response"
        return httpx.Response(200, content=theirs.envelope(name, {"code": "10000", **node}, pem=key))

    dialect = bank.app.dialects["alipay"]
    key = dialect.own_key
    values = {**dialect.shop_values("http://alipay.test"), "royalty": "", **more}
    client = httpx.Client(transport=httpx.MockTransport(respond))
    return alipay.build(values, client=client), asked


def no(sub_code: str, code: str = "40004") -> dict[str, object]:
    return {"code": code, "msg": "no", "sub_code": sub_code}


@pytest.mark.parametrize(
    "node",
    [
        no("aop.unknow-error", "20000"), no("isp.unknow-error", "20000"), no("ACQ.SYSTEM_ERROR"), no("SYSTEM_ERROR"),
        no("ACQ.TRADE_SETTLE_ERROR"), no("isv.app-call-limited", "40005"), no("", ""),
        lambda request: httpx.Response(500), lambda request: httpx.Response(404), lambda request: httpx.Response(302),
        lambda request: httpx.Response(200, content=b"<html>"), lambda request: httpx.Response(200, content=b"\xff"),
        lambda request: httpx.Response(200, content=theirs.envelope("error_response", no("isv.no"), pem=None)),
    ],
)  # fmt: skip
def test_nothing_is_known(bank, node):
    gateway, _ = scripted(bank, node)
    with pytest.raises(Unavailable):
        gateway.refund(key="refund:1", reference="payment_1", movement_ref="", amount=AMOUNT)


@pytest.mark.parametrize("fault", [httpx.ConnectError("no"), httpx.ReadTimeout("late"), httpx.RemoteProtocolError("?")])
def test_nobody_answers(bank, fault):
    def fail(request):
        raise fault

    gateway, _ = scripted(bank, fail)
    with pytest.raises(Unavailable):
        gateway.query_payment(reference="payment_1")


@pytest.mark.parametrize(("code", "why"), [("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH"), ("40006", "isv.no-rights")])
def test_a_definite_no_says_why(bank, code, why):
    gateway, _ = scripted(bank, no(why, code))
    with pytest.raises(Refused) as told:
        gateway.refund(key="refund:1", reference="payment_1", movement_ref="", amount=AMOUNT)
    assert told.value.why == why


def test_questions_bear_the_real_time_of_china(bank):
    gateway, asked = scripted(bank, no("ACQ.TRADE_NOT_EXIST"))
    assert gateway.query_payment(reference="payment_1").status == "open"
    ((_, _, fields),) = asked
    written = datetime.strptime(fields["timestamp"] + "+0800", "%Y-%m-%d %H:%M:%S%z")
    assert abs((written - datetime.now(UTC)).total_seconds()) < 10
    assert (fields["charset"], fields["sign_type"], fields["version"]) == ("utf-8", "RSA2", "1.0")


TRADE = {
    "out_trade_no": "payment_1",
    "trade_no": "T1",
    "total_amount": "128.00",
    "send_pay_date": "2026-11-28 10:00:00",
}


@pytest.mark.parametrize(
    ("node", "status", "money"),
    [
        ({**TRADE, "trade_status": "WAIT_BUYER_PAY"}, "open", 0),
        ({**TRADE, "trade_status": "TRADE_SUCCESS"}, "paid", 12_800),
        ({**TRADE, "trade_status": "TRADE_FINISHED"}, "paid", 12_800),
        ({**TRADE, "trade_status": "TRADE_SUCCESS", "additional_status": "SELLER_NOT_RECEIVED"}, "open", 0),
        ({**TRADE, "trade_status": "TRADE_CLOSED"}, "closed", 0),
    ],
)
def test_states_of_a_trade(bank, node, status, money):
    gateway, _ = scripted(bank, node)
    state = gateway.query_payment(reference="payment_1")
    assert (state.status, sum(row.amount.minor for row in state.movements)) == (status, money)
    assert state.payee == SELLER
    for movement in state.movements:
        assert (movement.ref, movement.at) == ("T1", datetime(2026, 11, 28, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    "changes",
    [{"trade_status": "NEW"}, {"total_amount": "1.281"}, {"out_trade_no": "payment_2"}, {"send_pay_date": "soon"}],
)
def test_an_answer_that_is_not_understood_decides_nothing(bank, changes):
    gateway, _ = scripted(bank, {**TRADE, "trade_status": "TRADE_SUCCESS", **changes})
    with pytest.raises(Unavailable):
        gateway.query_payment(reference="payment_1")


def test_an_answer_that_names_another_seller_is_told_as_such(bank):
    gateway, _ = scripted(bank, {**TRADE, "trade_status": "TRADE_SUCCESS", "seller_id": "2088000000000002"})
    assert gateway.query_payment(reference="payment_1").payee == "2088000000000002"


@pytest.mark.parametrize(
    ("nodes", "result"),
    [
        ([{}], "closed"),
        ([no("ACQ.TRADE_NOT_EXIST")], "closed"),
        ([no("ACQ.TRADE_STATUS_ERROR"), {**TRADE, "trade_status": "TRADE_SUCCESS"}], "already_paid"),
        ([no("ACQ.TRADE_STATUS_ERROR"), {**TRADE, "trade_status": "TRADE_CLOSED"}], "closed"),
    ],
)
def test_closing(bank, nodes, result):
    gateway, _ = scripted(bank, *nodes)
    assert gateway.close_payment(reference="payment_1") == result


def test_what_can_neither_be_closed_nor_was_paid_is_not_called_closed(bank):
    gateway, _ = scripted(bank, no("ACQ.TRADE_STATUS_ERROR"), {**TRADE, "trade_status": "WAIT_BUYER_PAY"})
    with pytest.raises(Unavailable):
        gateway.close_payment(reference="payment_1")


def test_a_missing_value_is_said_at_once(bank, dialect):
    for changes in ({"seller_id": ""}, {"private_key": "x"}, {"royalty": "all"}):
        with pytest.raises(ImproperlyConfigured):
            adapter(bank, **changes)


def test_what_it_can_hold_is_in_the_contract(bank):
    plain, frozen, confirmed = (adapter(bank, royalty=word) for word in ("", "freeze", "confirm"))
    assert [made.capabilities.hold_days for made in (plain, frozen, confirmed)] == [None, 30, 30]
    assert [isinstance(made, Releases) for made in (plain, frozen, confirmed)] == [False, True, True]
    assert plain.capabilities.currencies == {"CNY"}
    content = [json.loads(dict(parse_qsl(urlsplit(create(made).url).query))["biz_content"]) for made in (plain, frozen)]
    assert "extend_params" not in content[0]
    assert content[1]["extend_params"] == {"royalty_freeze": "true"}
