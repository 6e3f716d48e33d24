"""Giving money back after the release (E14): by the merchant's own will, or by a mediator's word while it is fresh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.services import standing
from core import outbox
from core.actor import Actor
from core.errors import NotFound
from core.money import Money
from core.policies import rules_of
from escrow.errors import MoreThanReleased
from escrow.models import Refund
from escrow.queries import hold_of
from escrow.services import late_refunds
from escrow.services.moves import fee_back
from flows import goods
from flows.errors import AfterSaleOver, NotReleasedYet
from shop.models import Order
from shop.roles import Act
from shop.services import orders
from shop.services.access import require
from shop.states import Kind, OrderStatus


@dataclass(frozen=True, slots=True)
class GiveBack:
    """What giving an amount back would mean for the merchant: ``net`` leaves his balance."""

    amount: Money
    fee: Money
    net: Money
    reason: str


def most_to_give_back(order: Order) -> Money | None:
    """What of an order may still be given back; None if nothing can."""
    hold = hold_of(order.pk)
    if order.status != OrderStatus.COMPLETED or hold is None:
        return None
    most = hold.released_minor - hold.returned_minor
    left = late_refunds.left_to_refund(hold)
    return Money(most if left is None else min(most, left.minor), hold.currency) or None


def preview(*, order_id: UUID, amount_minor: int, reason: str) -> GiveBack:
    """
    What giving back would mean; nothing moves.

    :raises MoreThanReleased: if it is nothing, or more than can be given back
    """
    hold = hold_of(order_id)
    if hold is None or not 0 < amount_minor <= hold.released_minor - hold.returned_minor:
        raise MoreThanReleased
    late_refunds.refuse_made_good(hold, amount_minor)
    fee = fee_back(hold, returned_minor=amount_minor)
    amount, back, net = (Money(minor, hold.currency) for minor in (amount_minor, fee, amount_minor - fee))
    return GiveBack(amount, back, net, reason)


@transaction.atomic
def give_back(*, order_id: UUID, amount_minor: int, reason: str, actor: Actor, now: datetime) -> Refund:
    """
    Refund a part of a completed order out of what was released to its merchant.

    The merchant may at any time; a mediator who is no party of it within the after-sale time of its policy.

    Codes nobody has opened go back into the pool once the whole of an order has been given back.

    :raises NotFound: if the actor is neither
    :raises AccountLimited: if the account of who gives it back moves no money out now
    :raises NotReleasedYet: if the order is not completed
    :raises AfterSaleOver: if it is too late for a mediator
    """
    order = orders.lock_order(order_id)
    is_merchant = bool(order.store.role_of(actor.user_id))
    is_party = is_merchant or actor.user_id == order.buyer_id
    if not is_merchant and (is_party or not actor.is_mediator):
        raise NotFound
    if is_merchant:
        require(order.store, Act.GIVE_BACK, actor=actor)
        standing.require(actor.user_id, "pay_out")
    if order.status != OrderStatus.COMPLETED or order.closed_at is None:
        raise NotReleasedYet
    if not is_merchant and now > order.closed_at + rules_of(order.policy_id).hours("after_sale_hours"):
        raise AfterSaleOver
    why = reason.strip() or "given back by the merchant"
    refund = late_refunds.refund_released(
        order_id=order.pk, amount_minor=amount_minor, actor=actor, reason=why, now=now
    )
    if order.kind == Kind.CODE and most_to_give_back(order) is None:
        goods.take_back(order, actor=actor, reason=why, now=now)
    outbox.publish("escrow.given_back", order_id=str(order.pk), refund_id=refund.pk, why=why)
    return refund
