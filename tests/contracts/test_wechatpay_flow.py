"""A shop that takes WeChat Pay: from the cart to held money, back again, and what must not be believed on the way."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from escrow.fakepay.entries import Charge, Event
from escrow.fakepay.wechat import WeChat
from escrow.gateways import gateway, use
from escrow.gateways.wechatpay import build
from escrow.models import Hold, Inbox, Receipt, Refund
from escrow.queries import books, parked_receipts
from escrow.services import payments, refunds
from escrow.states import PaymentStatus, ReceiptOutcome, RefundStatus
from flows import cancellation, purchase
from shop.models import Order
from shop.states import OrderStatus
from tests.contracts.conftest import Bank
from tests.stories import buyer_of, merchant_of, placed_order

pytestmark = [pytest.mark.django_db, pytest.mark.money]
DOOR = "/webhooks/payments/wechatpay/"


@pytest.fixture(autouse=True)
def set_up(bank: Bank, settings: Any) -> Iterator[None]:
    values = bank.app.dialects["wechat"].shop_values(bank.address("wechat"))
    settings.PROVIDERS = {**settings.PROVIDERS, "wechatpay": values}
    settings.PAYMENT_GATEWAYS = ["wechatpay"]
    client = httpx.Client(base_url=values["api_base"], trust_env=False, timeout=5)
    with client, use("wechatpay", build(values, client=client)):
        yield


@pytest.fixture
def wechat(bank: Bank) -> WeChat:
    dialect = bank.app.dialects["wechat"]
    assert isinstance(dialect, WeChat)
    return dialect


@pytest.fixture
def order() -> Order:
    order = placed_order()
    payments.start_payment(payment_id=order.payment_id)
    return order


@pytest.fixture
def charge(order: Order, wechat: WeChat) -> Charge:
    (charge,) = wechat.book.charges.values()
    return charge


def tell(wechat: WeChat, event: Event, **changed: str) -> Any:
    """Bring one notice to the shop's door."""
    outgoing = wechat.notice(event)
    assert outgoing is not None
    headers = {name: text for name, text in outgoing.headers.items() if name != "Content-Type"} | changed
    return Client().post(DOOR, outgoing.body, content_type="application/json", headers=headers)


def state_of(order: Order) -> str:
    order.refresh_from_db()
    return order.status


def test_a_provider_that_is_set_up_is_built_from_the_settings(settings: Any):
    from escrow import gateways

    gateways._stand_ins.clear()
    made = gateway("wechatpay")
    assert (made.name, made.payee) == ("wechatpay", "1900000001/wxfakepay00000001")
    settings.PROVIDERS = {**settings.PROVIDERS, "wechatpay": {}}
    assert not gateways.is_set_up("wechatpay")


def test_bought_scanned_told_and_held(order: Order, charge: Charge, wechat: WeChat, client: Client):
    client.force_login(order.buyer)
    page = client.get(reverse("shop:payment", args=[order.payment_id]), {"pay": "1"}, headers={"accept-language": "en"})
    text = page.content.decode()
    assert "data:image/svg+xml;base64," in text and "Open WeChat" in text
    assert charge.notify_url.endswith(DOOR)
    assert charge.key == order.payment_id.hex and charge.minor == order.total_minor
    wechat.book.pay(charge.ref)
    for _ in range(2):
        answer = tell(wechat, wechat.book.events[0])
        assert (answer.status_code, answer.content) == (200, b'{"code":"SUCCESS"}')
        assert wechat.accepts(answer.status_code, answer.content)
    assert state_of(order) == OrderStatus.PAID
    assert Hold.objects.get().amount_minor == order.total_minor
    receipt = Receipt.objects.get()
    assert (receipt.outcome, receipt.gateway_ref) == (ReceiptOutcome.APPLIED, charge.arrivals[0].ref)
    assert "wechatpay-signature" in Inbox.objects.get().headers
    assert books().discrepancies == []


def test_refunded_and_the_books_agree_with_the_provider(order: Order, charge: Charge, wechat: WeChat):
    wechat.book.pay(charge.ref)
    tell(wechat, wechat.book.events[0])
    cancellation.cancel(order_id=order.pk, reason="sold out", actor=merchant_of(order), now=clock.now())
    refund = Refund.objects.get()
    wechat.book.faults.write([{"op": "refund", "mood": "lose"}])
    for _ in range(3):
        refunds.send_refund(refund_id=refund.pk, now=clock.now())
    refund.refresh_from_db()
    (sent,) = wechat.book.refunds.values()
    assert (refund.status, refund.gateway_ref) == (RefundStatus.DONE, sent.ref)
    assert sent.minor == order.total_minor
    assert tell(wechat, wechat.book.events[-1]).status_code == 200
    assert (wechat.book.balance("CNY"), books().discrepancies) == (0, [])
    assert purchase.settle_payment(payment_id=order.payment_id, now=clock.now()).status == PaymentStatus.PAID
    assert Receipt.objects.count() == 1, "a payment that was refunded has not arrived again"


@pytest.mark.parametrize(
    "changed",
    [{"Wechatpay-Timestamp": "1500000000"}, {"Wechatpay-Signature": ""}, {"Wechatpay-Serial": ""},
     {"Wechatpay-Nonce": "x"}, {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/AAAA"}],
)  # fmt: skip
def test_a_notice_that_proves_nothing_is_refused_and_not_kept(
    order: Order, charge: Charge, wechat: WeChat, changed: dict[str, str]
):
    wechat.book.pay(charge.ref)
    answer = tell(wechat, wechat.book.events[0], **changed)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert not Inbox.objects.exists()
    assert state_of(order) == OrderStatus.PENDING


def test_no_headers_at_all_are_refused_not_a_crash(order: Order):
    assert Client().post(DOOR, b"{}", content_type="application/json").status_code == 401


def test_a_replay_of_another_year_rightly_signed_is_refused(order: Order, charge: Charge, wechat: WeChat):
    wechat.book.pay(charge.ref)
    outgoing = wechat.notice(wechat.book.events[0])
    assert outgoing is not None
    old = wechat.keys.signed(outgoing.body, at=time.time() - 86_400)
    answer = Client().post(DOOR, outgoing.body, content_type="application/json", headers=old)
    assert answer.status_code == 401


def test_a_notice_is_only_a_hint(order: Order, charge: Charge, wechat: WeChat):
    """Rightly signed and sealed, but the provider has no money: asked itself, it says so."""
    content = {"mchid": wechat.keys.mchid, "appid": wechat.keys.appid, "out_trade_no": charge.key}
    body = {"id": "evt-1", "event_type": "TRANSACTION.SUCCESS", "resource_type": "encrypt-resource"}
    raw = json.dumps({**body, "resource": wechat.keys.sealed(content, label="transaction")}).encode()
    answer = Client().post(DOOR, raw, content_type="application/json", headers=wechat.keys.signed(raw))
    assert answer.status_code == 200
    assert state_of(order) == OrderStatus.PENDING and not Hold.objects.exists()


@pytest.mark.parametrize(
    ("change", "reason"), [({"paid_mchid": "1900000999"}, "wrong_payee"), ({"paid_appid": "wxother"}, "wrong_payee")]
)
def test_money_for_another_merchant_or_app_is_parked(
    order: Order, charge: Charge, wechat: WeChat, change: dict[str, str], reason: str
):
    charge.data |= change
    wechat.book.pay(charge.ref)
    purchase.settle_payment(payment_id=order.payment_id, now=clock.now())
    assert [row.reason for row in parked_receipts()] == [reason]
    assert state_of(order) == OrderStatus.PENDING
    assert books().discrepancies == []


@pytest.mark.parametrize("off", [-1, 1])
def test_another_amount_is_parked(order: Order, charge: Charge, wechat: WeChat, off: int):
    wechat.book.pay(charge.ref, minor=charge.minor + off)
    assert tell(wechat, wechat.book.events[0]).status_code == 200
    assert [row.reason for row in parked_receipts()] == ["wrong_amount"]
    assert not Hold.objects.exists() and books().discrepancies == []


def test_a_cancelled_order_takes_no_more_money(order: Order, charge: Charge):
    cancellation.cancel(order_id=order.pk, reason="", actor=buyer_of(order), now=clock.now())
    assert (charge.state, state_of(order)) == ("closed", OrderStatus.CANCELLED)


def test_money_right_after_the_close_goes_back_once(order: Order, charge: Charge, wechat: WeChat):
    wechat.book.faults.write([{"op": "close", "mood": "late"}])
    cancellation.cancel(order_id=order.pk, reason="", actor=buyer_of(order), now=clock.now())
    for event in list(wechat.book.events):
        if wechat.notice(event):
            tell(wechat, event)
    refund = Refund.objects.get()
    for _ in range(2):
        refunds.send_refund(refund_id=refund.pk, now=clock.now())
    assert len(wechat.book.refunds) == 1 and wechat.book.balance("CNY") == 0
    assert state_of(order) == OrderStatus.CANCELLED and books().discrepancies == []


def test_a_provider_that_is_down_asks_for_the_notice_again(order: Order, charge: Charge, wechat: WeChat):
    wechat.book.pay(charge.ref)
    wechat.book.faults.write([{"op": "query", "mood": "fail_before"}])
    assert tell(wechat, wechat.book.events[0]).status_code == 503
    assert state_of(order) == OrderStatus.PENDING
    assert tell(wechat, wechat.book.events[0]).status_code == 200
    assert state_of(order) == OrderStatus.PAID


def test_a_complaint_is_taken_in_and_moves_nothing(order: Order, charge: Charge, wechat: WeChat):
    wechat.book.pay(charge.ref)
    tell(wechat, wechat.book.events[0])
    wechat.book.open_dispute(charge.ref)
    assert tell(wechat, wechat.book.events[-1]).status_code == 200
    assert Inbox.objects.count() == 2 and state_of(order) == OrderStatus.PAID
    assert books().discrepancies == []
