"""From the cart to money in escrow, with the money counted after each step."""

from __future__ import annotations

import pytest

from core import clock
from core.errors import IllegalTransition, NotFound
from core.money import Money
from escrow.errors import CannotBeHeld, NoSuchCurrency
from escrow.gateways import use
from escrow.gateways.base import Capabilities
from escrow.models import Hold, Receipt, Refund
from escrow.queries import hold_of, merchant_money
from escrow.states import HoldStatus, PaymentStatus
from flows import purchase
from flows.errors import TotalChanged
from shop.errors import OutOfStock
from shop.models import Order, Variant
from shop.states import OrderStatus
from tests import sandbox, stories
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.escrow import ScriptedGateway
from tests.factories.shop import ProductFactory
from tests.sandbox import at_bank, pay_at_bank

pytestmark = [pytest.mark.django_db, pytest.mark.money]


def test_a_placed_order_reserves_stock_and_waits_for_its_payment():
    variant = ProductFactory(stock=3).variants.get()
    order = stories.placed_order(variant=variant, quantity=2)
    assert order.status == OrderStatus.PENDING
    assert Variant.objects.get(pk=variant.pk).stock == 1
    assert order.total == order.payment.amount
    assert hold_of(order.pk) is None


@pytest.mark.parametrize(
    ("can", "refusal"),
    [({"hold_days": 19}, CannotBeHeld), ({"hold_days": None, "currencies": {"USD"}}, NoSuchCurrency)],
)
def test_what_the_provider_cannot_hold_as_long_as_promised_is_not_sold(can, refusal):
    """Twenty days by the default policy: seven to ship, ten to look, three more on demand."""
    variant = ProductFactory(stock=3).variants.get()
    bank = ScriptedGateway()
    bank.capabilities = Capabilities(**{"partial_refund": True, "currencies": frozenset({"CNY"}), **can})
    with use("sandbox", bank), pytest.raises(refusal):
        stories.placed_order(variant=variant)
    assert Variant.objects.get(pk=variant.pk).stock == 3
    assert not Order.objects.exists()
    bank.capabilities = Capabilities(hold_days=20, partial_refund=True, currencies=frozenset({"CNY"}))
    with use("sandbox", bank):
        assert stories.placed_order(variant=variant).status == OrderStatus.PENDING


def test_a_total_the_buyer_did_not_see_is_not_charged():
    buyer = UserFactory()
    variant = ProductFactory().variants.get()
    cart = stories.fill_cart(buyer, variant)
    address = AddressFactory(user=buyer)
    Variant.objects.filter(pk=variant.pk).update(price_minor=99_900)
    with pytest.raises(TotalChanged):
        purchase.place(
            buyer_id=buyer.pk, cart_id=cart.pk, line_ids=None, address_id=address.pk, note="",
            seen_total_minor=variant.price_minor, actor=stories.actor_of(buyer), now=clock.now(),
        )  # fmt: skip
    assert not Order.objects.exists()


def test_a_strangers_address_cannot_be_used():
    buyer = UserFactory()
    variant = ProductFactory().variants.get()
    cart = stories.fill_cart(buyer, variant)
    with pytest.raises(NotFound):
        purchase.place(
            buyer_id=buyer.pk, cart_id=cart.pk, line_ids=None, address_id=AddressFactory().pk, note="",
            seen_total_minor=variant.price_minor, actor=stories.actor_of(buyer), now=clock.now(),
        )  # fmt: skip


def test_paid_money_is_held_for_the_order_not_given_to_the_merchant():
    order = stories.paid_order()
    assert order.status == OrderStatus.PAID
    hold = hold_of(order.pk)
    assert (hold.status, hold.rest) == (HoldStatus.HELD, order.total)
    money = merchant_money(order.store_id, clock.now())
    assert (money.held, money.available) == (order.total, Money(0))


def test_asking_the_bank_again_changes_nothing():
    order = stories.paid_order()
    for _ in range(3):
        purchase.settle_payment(payment_id=order.payment_id, now=clock.now())
    assert Hold.objects.count() == Receipt.objects.count() == 1


@pytest.mark.parametrize("outcome", ["wrong_amount", "wrong_currency"])
def test_wrong_money_is_parked_then_returned_and_the_order_stays_unpaid(outcome):
    order = stories.placed_order()
    pay_at_bank(order.payment_id, outcome)
    assert stories.fresh(order).status == OrderStatus.PENDING
    assert Receipt.objects.get().outcome == "parked"
    stories.wait(hours=25)
    assert Receipt.objects.get().outcome == "returned"
    assert Refund.objects.get().status == "done"


def test_the_right_amount_after_a_wrong_one_still_pays():
    order = stories.placed_order()
    pay_at_bank(order.payment_id, "wrong_amount", minor=1)
    pay_at_bank(order.payment_id, "paid")
    assert stories.fresh(order).status == OrderStatus.PAID
    assert Receipt.objects.filter(outcome="applied").count() == 1


def test_money_that_comes_after_the_order_was_cancelled_goes_back():
    variant = ProductFactory(stock=1).variants.get()
    order = stories.placed_order(variant=variant)
    at_bank(order.payment_id, "late")
    stories.wait(minutes=31)
    assert stories.fresh(order).status == OrderStatus.CANCELLED
    assert Variant.objects.get(pk=variant.pk).stock == 1
    sandbox.tell_shop()
    stories.wait(minutes=5)
    assert Refund.objects.get().status == "done"
    assert not Hold.objects.exists()


def test_money_that_comes_twice_goes_back_once():
    order = stories.placed_order()
    pay_at_bank(order.payment_id, "paid_twice")
    stories.settle()
    assert stories.fresh(order).status == OrderStatus.PAID
    assert Refund.objects.get().amount == order.total
    assert hold_of(order.pk).rest == order.total


def test_unpaid_orders_expire_and_return_their_stock():
    variant = ProductFactory(stock=1).variants.get()
    order = stories.placed_order(variant=variant)
    stories.wait(minutes=31)
    assert stories.fresh(order).status == OrderStatus.CANCELLED
    assert order.payment.__class__.objects.get(pk=order.payment_id).status == PaymentStatus.CLOSED
    assert Variant.objects.get(pk=variant.pk).stock == 1


def test_a_lost_notice_is_found_by_asking():
    order = stories.placed_order()
    at_bank(order.payment_id, "paid")
    stories.wait(minutes=6)
    assert stories.fresh(order).status == OrderStatus.PAID


def test_paid_while_expiring_is_paid():
    order = stories.placed_order()
    at_bank(order.payment_id, "paid")
    stories.wait(minutes=31)
    assert stories.fresh(order).status == OrderStatus.PAID


def test_one_checkout_of_two_stores_makes_two_holds_under_one_payment():
    buyer = UserFactory()
    variants = [ProductFactory(price_minor=price).variants.get() for price in (10_000, 25_050)]
    cart = stories.fill_cart(buyer, *variants)
    address = AddressFactory(user=buyer)
    payment = purchase.place(
        buyer_id=buyer.pk, cart_id=cart.pk, line_ids=None, address_id=address.pk, note="", seen_total_minor=35_050,
        actor=stories.actor_of(buyer), now=clock.now(),
    )  # fmt: skip
    pay_at_bank(payment.pk)
    assert sorted(Hold.objects.values_list("amount_minor", flat=True)) == [10_000, 25_050]


def test_the_last_piece_is_sold_once():
    variant = ProductFactory(stock=1).variants.get()
    stories.placed_order(variant=variant)
    with pytest.raises((OutOfStock, TotalChanged)):
        stories.placed_order(variant=variant)
    assert Order.objects.count() == 1


def test_a_paid_order_cannot_be_paid_for_again_by_moving_it():
    order = stories.paid_order()
    from shop.services import orders

    with pytest.raises(IllegalTransition):
        orders.move(order, OrderStatus.PENDING, actor=stories.buyer_of(order), reason="")
