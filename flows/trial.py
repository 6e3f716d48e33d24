"""
The test order (G3): a merchant buys one of his own products for a fixed small price and follows the money.

It is a real payment through the real provider, held and released like any other; nothing is sent, no fee is taken, and
it counts in no statistics. Its payout waits with the rest until the store is approved.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import deadlines, outbox
from core.actor import Actor
from core.errors import DomainError, NotFound
from core.money import Money
from core.policies import current, from_values
from escrow.models import Payment
from escrow.services import holds, payments
from flows import clocks, goods
from flows.purchase import POLL_EVERY
from shop.models import Order, Store, Variant
from shop.roles import Act
from shop.services import orders, stock
from shop.services.access import require
from shop.states import OPEN_ORDER, Kind, OrderStatus

PRICE_MINOR = 100
NOWHERE = {
    "phone": "", "district_code": "", "province": "", "city": "", "district": "", "street": "", "postcode": "",
}  # fmt: skip


class NoProductYet(DomainError):
    code = "no_product_yet"
    default_message = _("Write a product with at least one piece in stock first: the test order buys it.")


class TrialRuns(DomainError):
    code = "trial_runs"
    default_message = _("A test order is running already. Finish it first.")


def trial_of(store: Store) -> Order | None:
    """The newest test order of a store."""
    rows = Order.objects.select_related("payment", "store").filter(store=store, is_trial=True)
    return rows.order_by("-placed_at", "-pk").first()


@transaction.atomic
def place(*, store: Store, actor: Actor, now: datetime) -> Payment:
    """
    Place a test order for one piece of the store's first product.

    :raises NoProductYet: if there is nothing in stock
    :raises TrialRuns: while one is open
    """
    require(store, Act.ACCOUNT, actor=actor)
    assert actor.user_id is not None
    Store.objects.select_for_update(no_key=True).get(pk=store.pk)
    if Order.objects.filter(store=store, is_trial=True, status__in=OPEN_ORDER).exists():
        raise TrialRuns
    variants = Variant.objects.select_related("product").filter(product__store=store, is_active=True, stock__gt=0)
    variant = variants.order_by("product__created_at", "position", "pk").first()
    if variant is None:
        raise NoProductYet
    policy, is_shipped = current(variant.product.kind), variant.product.kind == Kind.PHYSICAL
    rules = from_values(policy.values)
    amount = Money(PRICE_MINOR, store.currency)
    gateway = payments.promise_to_hold(amount=amount, at_most=rules.longest_hold)
    stock.reserve(wants={variant.pk: 1})
    pay_by = now + timedelta(minutes=rules.pay_by_minutes)
    payment = payments.open_payment(buyer_id=actor.user_id, amount=amount, gateway=gateway, expires_at=pay_by, now=now)
    variant.price_minor = PRICE_MINOR
    order = orders.create_order(
        buyer_id=actor.user_id, store_id=store.pk, lines=[orders.LineSpec(variant=variant, quantity=1)],
        shipping_minor=0, address={"name": store.display_name, **NOWHERE} if is_shipped else {},
        payment_id=payment.pk, policy_id=policy.pk, fee_bps=0, note="", actor=actor, now=now, is_trial=True,
    )  # fmt: skip
    deadlines.schedule_all([("order.pay_by", payment.pk, pay_by), ("payment.poll", payment.pk, now + POLL_EVERY)])
    outbox.publish("shop.placed", order_id=str(order.pk))
    return payment


@transaction.atomic
def finish(*, order_id: UUID, store_id: UUID, actor: Actor, now: datetime) -> Order:
    """
    Release a paid test order as its buyer would: the money comes to the store's balance.

    :raises NotFound: if it is not this person's test order
    :raises IllegalTransition: if it is not paid, or over
    """
    order = orders.lock_order(order_id)
    if not order.is_trial or order.store_id != store_id or order.buyer_id != actor.user_id:
        raise NotFound
    orders.move(order, OrderStatus.COMPLETED, actor=actor, reason="test order", closed_at=now)
    released = holds.release(order_id=order_id, actor=actor, reason="test order", now=now)
    clocks.clear(order_id)
    goods.take_back(order, actor=actor, reason="test order", now=now)
    outbox.publish(
        "escrow.released", order_id=str(order_id), net_minor=released.net.minor, fee_minor=released.fee.minor,
        by="buyer",
    )  # fmt: skip
    return order
