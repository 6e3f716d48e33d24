"""Notices over the wire: forged, altered, old, repeated, reordered, and money that is not what was asked for."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from core import clock, deadlines
from core.actor import SYSTEM
from core.models import Deadline
from escrow.gateways import gateway, use
from escrow.gateways.base import BadSignature, Unavailable
from escrow.gateways.signing import HEADER, sign, verify
from escrow.models import Hold, Inbox, Payment, Receipt, Refund
from escrow.queries import books, parked_receipts, problems
from escrow.services import payments
from escrow.states import PaymentStatus, ReceiptOutcome
from flows import cancellation
from shop.models import Order
from tests import sandbox
from tests.escrow.bank import deliver_notices, pay_and_tell
from tests.factories.escrow import OrderFactory, open_payment

pytestmark = [pytest.mark.django_db, pytest.mark.money]
SECRET = "sandbox-bank-secret"  # the bank of a test has no other


@pytest.fixture
def payment() -> Payment:
    """One checkout of two orders that waits for its money."""
    first = OrderFactory(items_minor=10_000)
    second = OrderFactory(items_minor=2_800, buyer=first.buyer)
    payment = open_payment(12_800, buyer_id=first.buyer_id)
    Order.objects.filter(pk__in=[first.pk, second.pk]).update(payment=payment)
    return payment


def now_of(payment: Payment) -> str:
    payment.refresh_from_db()
    return payment.status


def answers(payment: Payment) -> list[str]:
    ref = sandbox.charge_of(payment.pk).ref
    return [answer[:3] for row in sandbox.book().events if row.charge_ref == ref for answer in row.answers]


def notify(body: bytes, header: str | None = None, gateway: str = "sandbox"):
    headers = {HEADER: sign(body, secret=SECRET) if header is None else header}
    return Client().post(
        reverse("payment-notice", args=[gateway]), body, content_type="application/json", headers=headers
    )


def a_notice(payment: Payment, event: str = "evt-1") -> bytes:
    payment.refresh_from_db()
    return json.dumps({"id": event, "payment": payment.reference, "key": f"payment:{payment.pk}"}).encode()


def settled_once(payment: Payment) -> None:
    assert now_of(payment) == PaymentStatus.PAID
    assert sorted(Hold.objects.values_list("amount_minor", flat=True)) == [2_800, 10_000]
    assert Receipt.objects.filter(outcome=ReceiptOutcome.APPLIED).count() == 1
    assert books().discrepancies == []


def test_paid_and_told(payment):
    pay_and_tell(payment.pk)
    assert answers(payment) == ["200"]
    settled_once(payment)
    inbox = Inbox.objects.get()
    assert inbox.processed_at is not None
    assert "cookie" not in inbox.headers


def test_the_page_of_a_payment_is_the_same_at_every_visit(payment):
    first, second = payments.start_payment(payment_id=payment.pk), payments.start_payment(payment_id=payment.pk)
    assert first == second
    assert len(sandbox.book().charges) == 1
    pay_and_tell(payment.pk)


@pytest.mark.parametrize("outcome", ["twice", "reorder"])
def test_notices_repeated_and_out_of_order_change_nothing(payment, outcome):
    pay_and_tell(payment.pk, outcome)
    assert answers(payment) == ["200", "200"]
    settled_once(payment)


def test_another_notice_of_the_same_payment_changes_nothing(payment):
    pay_and_tell(payment.pk)
    for event in ("evt-1", "evt-1", "evt-2"):
        assert notify(a_notice(payment, event)).status_code == 200
    settled_once(payment)
    assert Inbox.objects.count() == 3


def test_a_notice_is_only_a_hint(payment):
    """Rightly signed, but the bank has no money: asked itself, it says so."""
    payments.start_payment(payment_id=payment.pk)
    assert notify(a_notice(payment)).status_code == 200
    assert now_of(payment) == PaymentStatus.OPEN
    assert not Hold.objects.exists()


def test_a_notice_of_a_payment_that_is_not_ours(payment):
    body = json.dumps({"id": "evt-1", "payment": "SBUNKNOWN", "key": "payment:none"}).encode()
    assert notify(body).status_code == 200
    assert not Hold.objects.exists()


def test_forged(payment):
    pay_and_tell(payment.pk, "forged")
    assert answers(payment) == ["401"]
    assert not Inbox.objects.exists()
    assert now_of(payment) == PaymentStatus.OPEN
    deliver_notices()
    assert answers(payment) == ["401"]  # a forger's notice is not sent again


@pytest.mark.parametrize(
    "header",
    ["", "nonsense", "t=1,v1=" + "0" * 64, sign(b"other", secret=SECRET), sign(b"{}", secret="guessed"), "t=9,v1="],
    ids=["none", "nonsense", "zeros", "of another body", "by another key", "empty"],
)
def test_altered_or_unsigned(payment, header):
    answer = notify(b"{}", header)
    assert answer.status_code == 401
    assert answer.json()["code"] == "bad_signature"
    assert not Inbox.objects.exists()


def test_one_changed_byte(payment):
    payments.start_payment(payment_id=payment.pk)
    body = a_notice(payment)
    assert notify(body.replace(b"evt-1", b"evt-2"), sign(body, secret=SECRET)).status_code == 401
    assert not Inbox.objects.exists()


@pytest.mark.parametrize("age", [301, 86_400, -400])
def test_replayed_from_another_time(payment, age):
    body = a_notice(payment)
    assert notify(body, sign(body, secret=SECRET, at=time.time() - age)).status_code == 401
    assert not Inbox.objects.exists()


def test_signatures_live_by_real_time_not_by_the_sandbox_clock(payment):
    payments.start_payment(payment_id=payment.pk)
    clock.advance_sandbox(timedelta(days=3))
    body = a_notice(payment)
    assert notify(body).status_code == 200


def test_no_secret_verifies_nothing():
    with pytest.raises(BadSignature):
        verify(b"{}", header=sign(b"{}", secret=""), secret="")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"id": 5, "payment": "x", "key": "y"}',
        b'{"id": "", "payment": "x", "key": "y"}',
        b'"x"',
        b"null",
    ],
)
def test_signed_but_no_notice(body):
    answer = notify(body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed"
    assert not Inbox.objects.exists()


def test_other_doors_are_shut():
    assert notify(b"{}", gateway="stripe").status_code == 404
    assert Client().get(reverse("payment-notice", args=["sandbox"])).status_code == 405


def test_a_bank_that_cannot_be_asked_sends_its_notice_again(payment):
    pay_and_tell(payment.pk, "forged")
    payment.refresh_from_db()

    class Deaf:
        name = payee = "sandbox"

        def __init__(self):
            self.real = gateway("sandbox")

        def parse_notice(self, **call):
            return self.real.parse_notice(**call)

        def query_payment(self, **call):
            raise Unavailable

    with use("sandbox", Deaf()):
        assert notify(a_notice(payment)).status_code == 503
    assert Inbox.objects.get().processed_at is None
    assert notify(a_notice(payment)).status_code == 200
    assert Inbox.objects.get().processed_at is not None


@pytest.mark.parametrize(
    ("outcome", "minor", "reason"),
    [
        ("wrong_amount", 1, "wrong_amount"),
        ("wrong_amount", 12_801, "wrong_amount"),
        ("wrong_amount", None, "wrong_amount"),
        ("wrong_currency", None, "wrong_currency"),
    ],
)
def test_wrong_money_is_parked_and_goes_back(payment, outcome, minor, reason):
    pay_and_tell(payment.pk, outcome, minor)
    assert now_of(payment) == PaymentStatus.OPEN
    assert not Hold.objects.exists()
    receipt = problems(payment.pk)
    assert receipt.reason == reason
    assert receipt.reason_text != reason
    assert list(parked_receipts()) == [receipt]
    assert books().discrepancies == []
    Deadline.objects.filter(kind="receipt.return").update(due_at=clock.now())
    deadlines.sweep()
    refund = Refund.objects.get()
    assert (refund.status, refund.amount) == ("done", receipt.amount)
    assert problems(payment.pk) is None
    assert books().discrepancies == []


def test_the_right_money_after_wrong_money(payment):
    pay_and_tell(payment.pk, "wrong_amount", 100)
    pay_and_tell(payment.pk)
    assert now_of(payment) == PaymentStatus.PAID
    assert problems(payment.pk).amount_minor == 100
    assert books().discrepancies == []


def test_paid_twice_is_kept_once_and_sent_back_once(payment):
    pay_and_tell(payment.pk, "paid_twice")
    settled_once(payment)
    deadlines.sweep()
    refund = Refund.objects.get()
    assert (refund.status, refund.amount_minor, refund.reason) == ("done", 12_800, "twice")
    assert books().discrepancies == []


def test_a_double_click_pays_once(payment):
    pay_and_tell(payment.pk)
    sandbox.act(payment.pk, "paid")
    assert len(sandbox.charge_of(payment.pk).arrivals) == 1


def test_money_after_closing_comes_back(payment):
    """The payer pays in the moment after the shop has closed: nothing is bought, nothing is lost."""
    pay_and_tell(payment.pk, "late")
    assert now_of(payment) == PaymentStatus.OPEN
    cancellation.close_unpaid(payment_id=payment.pk, actor=SYSTEM, reason="not paid in time", now=clock.now())
    assert now_of(payment) == PaymentStatus.CLOSED
    deliver_notices()
    deadlines.sweep()
    assert now_of(payment) == PaymentStatus.CLOSED
    assert not Hold.objects.exists()
    refund = Refund.objects.get()
    assert (refund.status, refund.reason) == ("done", "late")
    assert books().discrepancies == []


def test_money_that_was_there_before_closing_is_kept(payment):
    pay_and_tell(payment.pk, "forged")
    with sandbox.silence():
        sandbox.act(payment.pk, "paid")  # its notice has not come yet
    with pytest.raises(cancellation.PaidMeanwhile):
        cancellation.close_unpaid(payment_id=payment.pk, actor=SYSTEM, reason="not paid in time", now=clock.now())
    settled_once(payment)


def test_declined_says_why_and_may_be_tried_again(payment):
    pay_and_tell(payment.pk, "declined")
    assert now_of(payment) == PaymentStatus.OPEN
    assert payment.declined_reason
    pay_and_tell(payment.pk)
    settled_once(payment)
    assert not payment.declined_reason
