"""A purchase paid by Stripe, from the cart to the refund: the notice comes over the wire, the money is counted."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import translation

from core import clock
from core.money import Money
from escrow.models import Hold, Inbox, Payment, Receipt, Refund
from escrow.queries import books, hold_of
from escrow.services import payments
from escrow.states import PaymentStatus
from flows import cancellation, purchase
from shop.states import OrderStatus
from tests import stories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.money]


@pytest.fixture
def at_stripe(bank, live_server, settings):
    """The shop set up to be paid by Stripe, which is the pretended one and knows the shop's address for notices."""
    settings.SITE_URL = live_server.url
    settings.PAYMENT_GATEWAYS = ["stripe"]
    dialect = bank.app.dialects["stripe"]
    settings.PROVIDERS = {**settings.PROVIDERS, "stripe": dict(dialect.shop_values(bank.address("stripe")))}
    bank.app.notices["stripe"].url = live_server.url + reverse("payment-notice", args=["stripe"])
    yield dialect.book
    assert books().discrepancies == []


def started() -> tuple:
    """An order whose buyer stands on Stripe's page."""
    order = stories.placed_order()
    payments.start_payment(payment_id=order.payment_id)
    return order, Payment.objects.get(pk=order.payment_id)


def notices(bank) -> list[int]:
    return [sent.status for sent in bank.app.notices["stripe"].send_due(at_once=True)]


def test_paid_told_held_and_refunded(at_stripe, bank):
    order, payment = started()
    (charge,) = at_stripe.charges.values()
    assert (payment.reference, charge.key) == (charge.ref, f"payment:{payment.pk}")
    assert hold_of(order.pk) is None

    at_stripe.pay(charge.ref)
    bank.app.dialects["stripe"].book.faults.write([{"op": "notice", "mood": "duplicate"}])
    assert notices(bank) == [200, 200]
    order = stories.fresh(order)
    assert order.status == OrderStatus.PAID
    assert hold_of(order.pk).rest == order.total
    assert Inbox.objects.get().processed_at is not None
    assert Receipt.objects.get().gateway_ref == charge.arrivals[0].ref
    assert at_stripe.balance("CNY") == order.total.minor

    stories.settle()
    cancellation.cancel(order_id=order.pk, reason="sold out", actor=stories.merchant_of(order), now=clock.now())
    stories.settle()
    refund = Refund.objects.get()
    (sent,) = at_stripe.refunds.values()
    assert (refund.status, refund.gateway_ref, sent.minor) == ("done", sent.ref, order.total.minor)
    assert at_stripe.balance("CNY") == 0
    assert set(notices(bank)) == {200}
    assert Refund.objects.count() == 1


def test_the_page_is_the_same_in_every_language(at_stripe, monkeypatch):
    """Red when the wording follows the visitor: Stripe refuses a key that comes with other words."""
    monkeypatch.setattr(payments, "_", lambda text: f"{text} in {translation.get_language()}")
    _order, payment = started()
    for language in ("zh-hans", "en"):
        with translation.override(language):
            payments.start_payment(payment_id=payment.pk)
    assert len(at_stripe.charges) == 1


def test_a_forged_notice_holds_nothing(at_stripe, bank):
    order, payment = started()
    at_stripe.pay(payment.reference)
    bank.app.dialects["stripe"].webhook_secret = "whsec_guessed"
    assert notices(bank) == [401]
    assert not Inbox.objects.exists()
    assert stories.fresh(order).status == OrderStatus.PENDING


@pytest.mark.parametrize("minor", [1, 10_000_000])
def test_another_amount_is_parked(at_stripe, bank, minor):
    order, payment = started()
    at_stripe.pay(payment.reference, minor=minor)
    assert notices(bank) == [200]
    assert stories.fresh(order).status == OrderStatus.PENDING
    assert (Receipt.objects.get().outcome, Receipt.objects.get().reason) == ("parked", "wrong_amount")
    assert not Hold.objects.exists()


def test_closed_before_stock_goes_back_and_late_money_returns(at_stripe, bank):
    order, payment = started()
    at_stripe.faults.write([{"op": "close", "mood": "late"}])
    stories.wait(minutes=31)
    assert stories.fresh(order).status == OrderStatus.CANCELLED
    assert at_stripe.charges[payment.reference].state == "closed"
    assert set(notices(bank)) == {200}
    stories.settle()
    assert Receipt.objects.get().reason == "late"
    assert Refund.objects.get().status == "done"
    assert at_stripe.balance("CNY") == 0
    assert not Hold.objects.exists()


def test_a_lost_answer_to_a_refund_is_asked_for(at_stripe, bank):
    order, payment = started()
    at_stripe.pay(payment.reference)
    purchase.settle_payment(payment_id=payment.pk, now=clock.now())
    at_stripe.faults.write([{"op": "refund", "mood": "lose"}])
    order = stories.fresh(order)
    cancellation.cancel(order_id=order.pk, reason="sold out", actor=stories.merchant_of(order), now=clock.now())
    stories.settle()
    assert Refund.objects.get().status == "sent"
    stories.wait(minutes=5)
    assert Refund.objects.get().status == "done"
    assert len(at_stripe.refunds) == 1


def test_a_declined_card_can_be_tried_again(at_stripe, bank):
    order, payment = started()
    at_stripe.decline(payment.reference)
    assert notices(bank) == [200]
    payment.refresh_from_db()
    assert (payment.status, bool(payment.declined_reason)) == (PaymentStatus.OPEN, True)
    at_stripe.pay(payment.reference)
    assert notices(bank) == [200]
    assert stories.fresh(order).status == OrderStatus.PAID
    assert hold_of(order.pk).rest == Money(order.total_minor, "CNY")
    assert at_stripe.balance("CNY") == order.total_minor
