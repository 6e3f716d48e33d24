"""Goods of an undone order go back to where they came from: pieces onto the shelf, keys into the pool."""

from __future__ import annotations

from datetime import datetime

from core.actor import Actor
from shop.models import Order
from shop.services import codes, stock
from shop.states import Kind


def take_back(order: Order, *, actor: Actor, reason: str, now: datetime) -> None:
    """Take back what an order had reserved or got; call it in the transaction that has ended the order."""
    if order.kind == Kind.CODE:
        codes.take_back(order_id=order.pk, actor=actor, reason=reason, now=now)
    else:
        stock.give_back(order_id=order.pk)
