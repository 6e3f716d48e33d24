"""Goods of undone orders go back to where they came from: pieces onto the shelf, keys into the pool."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.actor import Actor
from shop.models import Order, OrderLine
from shop.services import codes, stock
from shop.states import Kind


def take_back(order: Order, *, actor: Actor, reason: str, now: datetime) -> None:
    """Take back what an order had reserved or got; call it in the transaction that has ended the order."""
    take_back_all([order], actor=actor, reason=reason, now=now)


def take_back_all(orders: Sequence[Order], *, actor: Actor, reason: str, now: datetime) -> None:
    """
    Take back what several orders, all locked, had reserved or got.

    Pieces and keys go back one after the other, each behind a lock of its own products. A checkout locks the products
    of both in the order of their ids, so with keys among them all are locked so first. Coupons come after.
    """
    with_keys = [order for order in orders if order.kind == Kind.CODE]
    with_pieces = [order for order in orders if order.kind != Kind.CODE]
    if with_keys and len(orders) > 1:
        lines = OrderLine.objects.filter(order__in=orders)
        stock.lock_products_of(variant_ids=list(lines.values_list("variant_id", flat=True)))
    if with_pieces:
        stock.give_back_all(order_ids=[order.pk for order in with_pieces])
    for order in with_keys:
        codes.take_back(order_id=order.pk, actor=actor, reason=reason, now=now)
