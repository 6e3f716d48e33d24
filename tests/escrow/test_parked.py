"""Parked money that staff give to its orders: exactly what was asked for, audited, or refused with the reason."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.services.step_up import staff_money
from core import clock
from core.actor import SYSTEM
from core.errors import NotFound
from core.models import AuditEntry, Deadline
from escrow.errors import NotApplicable, NotParked
from escrow.ledger import account, balance
from escrow.models import Hold, Payment, Receipt, Transfer, TransferKind
from escrow.queries import books, buyer_lines, order_lines
from escrow.records import receipts
from escrow.services import holds, payments
from flows import parked
from tests.accounts.proofs import prove_me
from tests.factories.accounts import MediatorFactory
from tests.factories.escrow import movement
from tests.factories.shop import ProductFactory
from tests.sandbox import pay_at_bank
from tests.stories import actor_of, buyer_of, fresh, placed_order, settle, wait

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture
def staff():
    return MediatorFactory()


def give(receipt: Receipt, staff):
    return parked.give_to_orders(
        receipt_id=receipt.pk, reason="called the buyer", actor=actor_of(staff), now=clock.now()
    )


def in_two_parts():
    """An order whose buyer paid 100 first and the rest after: neither is what was asked for."""
    order = placed_order()
    pay_at_bank(order.payment_id, "wrong_amount", minor=100)
    pay_at_bank(order.payment_id, "wrong_amount", minor=order.total_minor - 100)
    return fresh(order)


def agree():
    assert books().discrepancies == []


def test_parts_that_come_to_the_whole_are_held(staff):
    order = in_two_parts()
    give(Receipt.objects.first(), staff)
    order = fresh(order)
    assert (order.status, order.payment.status, order.hold.amount_minor) == ("paid", "paid", order.total_minor)
    assert set(Receipt.objects.values_list("outcome", flat=True)) == {"applied"}
    assert balance(account("suspense:sandbox:CNY")) == 0
    assert balance(account("escrow:CNY")) == order.total_minor
    assert not Transfer.objects.filter(kind=TransferKind.CAPTURE).exists()
    entry = AuditEntry.objects.filter(act="receipt.applied").first()
    assert (entry.user_id, entry.reason) == (staff.pk, "called the buyer")
    assert not Deadline.objects.filter(kind__in=("receipt.return", "order.pay_by"), done_at__isnull=True).exists()
    agree()
    settle()
    assert order.store.owner.notices.filter(kind="escrow.held").exists()


def test_it_stands_in_the_running_accounts_and_records(staff):
    order = in_two_parts()
    give(Receipt.objects.first(), staff)
    lines = order_lines(order.pk)
    assert [line.amount.minor for line in lines] == [100, order.total_minor - 100]
    assert lines[-1].balance.minor == order.total_minor
    assert buyer_lines(order.buyer_id)[0].balance.minor == order.total_minor
    found = receipts.transfers_of(order.pk)
    assert [row.kind for row in found] == [TransferKind.SUSPENSE_APPLIED] * 2
    assert {receipts.order_of(row) for row in found} == {order.pk}
    holds.refund(order_id=order.pk, actor=SYSTEM, reason="no", now=clock.now())
    assert order_lines(order.pk)[-1].balance.minor == 0
    agree()


def test_several_orders_share_it_in_their_order(staff):
    from tests.factories.accounts import AddressFactory, UserFactory
    from tests.stories import fill_cart

    buyer = UserFactory()
    variants = [ProductFactory().variants.get(), ProductFactory().variants.get()]
    cart = fill_cart(buyer, *variants)
    from flows import purchase

    total = sum(one.price_minor + one.product.store.shipping_minor for one in variants)
    payment = purchase.place(
        buyer_id=buyer.pk, cart_id=cart.pk, line_ids=None, address_id=AddressFactory(user=buyer).pk, note="",
        seen_total_minor=total, actor=actor_of(buyer), now=clock.now(),
    )  # fmt: skip
    pay_at_bank(payment.pk, "wrong_amount", minor=total - 50)
    pay_at_bank(payment.pk, "wrong_amount", minor=50)
    give(Receipt.objects.last(), staff)
    made = list(Hold.objects.order_by("pk"))
    assert sum(hold.amount_minor for hold in made) == total
    for hold in made:
        assert order_lines(hold.order_id)[-1].balance.minor == hold.amount_minor
        assert sum(row.amount for row in receipts.transfers_of(hold.order_id)) == hold.amount_minor
        assert {receipts.order_of(row) for row in receipts.transfers_of(hold.order_id)} == {hold.order_id}
    agree()


@pytest.mark.parametrize("outcome", ["wrong_amount", "wrong_currency"])
def test_what_is_not_the_amount_is_refused_with_words(staff, outcome):
    order = placed_order()
    pay_at_bank(order.payment_id, outcome)
    with pytest.raises(NotApplicable) as refusal:
        give(Receipt.objects.get(), staff)
    with translation.override("en"):
        assert len(refusal.value.message) > 20
    assert fresh(order).status == "pending"
    agree()


def test_somebody_elses_account_is_refused(staff):
    order = placed_order()
    payment = Payment.objects.get(pk=order.payment_id)
    receipt = payments.park(
        payment=payment, gateway="sandbox", movement=movement(order.total_minor), reason="wrong_payee", now=clock.now()
    )
    with pytest.raises(NotApplicable):
        give(receipt, staff)
    agree()


def test_a_cancelled_order_cannot_be_served(staff):
    order = placed_order()
    pay_at_bank(order.payment_id, "wrong_amount", minor=100)
    wait(minutes=31)
    assert fresh(order).status == "cancelled"
    with pytest.raises(NotApplicable):
        give(Receipt.objects.get(), staff)
    wait(hours=24)
    with pytest.raises(NotParked):
        give(Receipt.objects.get(), staff)
    agree()


def test_only_staff_may(staff):
    order = in_two_parts()
    with pytest.raises(NotFound):
        parked.give_to_orders(receipt_id=Receipt.objects.first().pk, reason="", actor=buyer_of(order), now=clock.now())
    agree()


def test_the_door_is_on_the_payments_page(client, staff):
    in_two_parts()
    client.cookies["django_language"] = "en"
    client.force_login(staff)
    url = reverse("console:receipt-give", args=[Receipt.objects.first().pk])
    assert url in client.get(reverse("console:payments")).content.decode()
    prove_me(client, staff_money("receipt.give", Receipt.objects.first().pk))
    assert "is held for its orders" in client.post(url, follow=True).content.decode()
    agree()
