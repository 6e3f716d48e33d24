"""The shop takes Alipay: from the signed address to money that is held, given back, or parked because it is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from django.test import Client
from django.urls import reverse

from core import clock, deadlines
from core.actor import SYSTEM
from escrow.fakepay.dialect import Outgoing
from escrow.gateways.alipay import words
from escrow.ledger import account, balance
from escrow.models import Hold, Inbox, Payment, Refund
from escrow.queries import books, problems
from escrow.services import holds, payments, refunds
from escrow.states import PaymentStatus
from flows import cancellation, purchase
from shop.models import Order
from tests.factories.escrow import OrderFactory, open_payment

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture
def dialect(bank, settings):
    """The shop is set up for the pretended Alipay, with plain page payment."""
    dialect = bank.app.dialects["alipay"]
    values = {**dialect.shop_values(bank.address("alipay")), "royalty": ""}
    settings.PROVIDERS = {**settings.PROVIDERS, "alipay": values}
    settings.PAYMENT_GATEWAYS = ["alipay"]
    return dialect


@pytest.fixture
def payment(dialect) -> Payment:
    order = OrderFactory(items_minor=12_800)
    payment = open_payment(12_800, buyer_id=order.buyer_id)
    Order.objects.filter(pk=order.pk).update(payment=payment)
    return payment


@pytest.fixture(autouse=True)
def books_balance(db):
    yield
    assert books().discrepancies == []


def visit(payment: Payment) -> str:
    """Go where the shop sends its buyer; gives the payment's number there."""
    url = payments.start_payment(payment_id=payment.pk).url
    assert httpx.get(url, trust_env=False).status_code == 302
    payment.refresh_from_db()
    return payment.reference


def tell(dialect, kind: str = "payment.paid", **changes: str):
    """Bring the newest notice of a kind to the shop, exactly as it would be posted."""
    event = next(event for event in reversed(dialect.book.events) if event.kind == kind)
    outgoing = dialect.notice(event)
    if changes:
        fields = dict(httpx.QueryParams(outgoing.body.decode()))
        outgoing = dialect.signed({k: v for k, v in {**fields, **changes}.items() if k not in ("sign", "sign_type")})
    return post(outgoing)


def post(outgoing: Outgoing):
    url = reverse("payment-notice", args=["alipay"])
    return Client().post(url, outgoing.body, content_type=outgoing.headers["Content-Type"])


def status(payment: Payment) -> str:
    payment.refresh_from_db()
    return payment.status


def test_a_purchase_is_held_and_goes_back(dialect, payment):
    reference = visit(payment)
    assert dialect.book.charges[reference].notify_url.endswith("/webhooks/payments/alipay/")
    dialect.book.pay(reference)
    answers = [tell(dialect) for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"success")] * 2
    assert dialect.accepts(answers[0].status_code, answers[0].content)
    assert (status(payment), Inbox.objects.count()) == (PaymentStatus.PAID, 1)
    hold = Hold.objects.get()
    assert (hold.amount_minor, hold.provider_deadline) == (12_800, None)
    assert abs(balance(account("provider:alipay:CNY"))) == dialect.book.balance("CNY") == 12_800
    intent = holds.refund(order_id=hold.order_id, actor=SYSTEM, reason="cancelled", now=clock.now())
    dialect.book.faults.write([{"op": "refund", "mood": "lose"}])
    for _ in range(2):
        refunds.send_refund(refund_id=intent.pk, now=clock.now())
    intent.refresh_from_db()
    assert (intent.status, intent.gateway_ref) == ("done", f"refund_{intent.pk}")
    assert [row.minor for row in dialect.book.refunds.values()] == [12_800]
    assert dialect.book.balance("CNY") == balance(account("provider:alipay:CNY")) == 0
    assert tell(dialect, "refund.done").content == b"success"
    assert status(payment) == PaymentStatus.PAID


@pytest.mark.parametrize("minor", [1, 12_799, 12_801])
def test_another_amount_is_parked_and_goes_back(dialect, payment, minor):
    """The notice is signed and says 0.01: what counts is what Alipay says when asked, and that is not the price."""
    dialect.book.pay(visit(payment), minor=minor)
    assert tell(dialect).content == b"success"
    assert status(payment) == PaymentStatus.OPEN
    receipt = problems(payment.pk)
    assert (receipt.reason, receipt.amount_minor) == ("wrong_amount", minor)
    assert not Hold.objects.exists()
    payments.return_receipt(receipt_id=receipt.pk, actor=SYSTEM, reason="wrong_amount", now=clock.now())
    deadlines.sweep()
    assert (Refund.objects.get().status, dialect.book.balance("CNY")) == ("done", 0)


def test_a_signed_notice_is_no_more_than_a_hint(dialect, payment):
    """One tells of a payment that nobody has made, one of another amount than was paid: what counts is the answer."""
    reference = visit(payment)
    dialect.book.pay(reference)
    (arrival,) = dialect.book.charges[reference].arrivals
    dialect.book.charges[reference].arrivals.clear()
    told = {"out_trade_no": reference, "total_amount": "128.00", "notify_id": "n-1", "app_id": dialect.app_id}
    told |= {"seller_id": dialect.seller_id, "notify_time": words.stamp(datetime.now(UTC))}
    assert post(dialect.signed(told)).content == b"success"
    assert (status(payment), Hold.objects.count()) == (PaymentStatus.OPEN, 0)
    dialect.book.charges[reference].arrivals.append(arrival)
    assert post(dialect.signed({**told, "total_amount": "0.01", "notify_id": "n-2"})).content == b"success"
    assert (status(payment), Hold.objects.get().amount_minor) == (PaymentStatus.PAID, 12_800)


@pytest.mark.parametrize("changes", [{"app_id": "2021000000000002"}, {"seller_id": "2088000000000002"}])
def test_a_notice_about_somebody_else_is_not_taken_in(dialect, payment, changes):
    dialect.book.pay(visit(payment))
    assert tell(dialect, **changes).status_code == 401
    assert (status(payment), Inbox.objects.count()) == (PaymentStatus.OPEN, 0)


def test_a_notice_waits_until_alipay_can_be_asked(dialect, payment):
    dialect.book.pay(visit(payment))
    dialect.book.faults.write([{"op": "query", "mood": "fail_before"}])
    assert tell(dialect).status_code == 503
    assert status(payment) == PaymentStatus.OPEN
    assert tell(dialect).content == b"success"
    assert status(payment) == PaymentStatus.PAID


def test_a_payment_nobody_has_looked_at_is_open_and_can_be_closed(dialect, payment):
    payments.start_payment(payment_id=payment.pk)
    assert purchase.settle_payment(payment_id=payment.pk, now=clock.now()).status == PaymentStatus.OPEN
    cancellation.close_unpaid(payment_id=payment.pk, actor=SYSTEM, reason="not paid in time", now=clock.now())
    assert status(payment) == PaymentStatus.CLOSED


def test_money_in_the_moment_of_closing_comes_back(dialect, payment):
    visit(payment)
    dialect.book.faults.write([{"op": "close", "mood": "late"}])
    cancellation.close_unpaid(payment_id=payment.pk, actor=SYSTEM, reason="not paid in time", now=clock.now())
    assert tell(dialect).content == b"success"
    deadlines.sweep()
    assert (status(payment), Refund.objects.get().status) == (PaymentStatus.CLOSED, "done")
    assert (Hold.objects.count(), dialect.book.balance("CNY")) == (0, 0)
