"""Holds in steps: a part of what is held is released or refunded, and the rest stays held."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.actor import Actor
from escrow.errors import TooMuch
from escrow.models import Refund
from escrow.services import moves
from escrow.services.holds import Released
from escrow.services.refunds import open_refund
from escrow.states import OPEN_HOLD, HoldStatus


@transaction.atomic
def release_part(*, order_id: UUID, amount_minor: int, actor: Actor, reason: str, now: datetime) -> Released:
    """
    Pay a part of what is held into the merchant's balance, less the fee on all that was released so far.

    :raises TooMuch: if it is nothing or more than is left
    :raises HoldMoved: if the money is not held, or has moved meanwhile
    """
    hold = moves.find(order_id, among=(HoldStatus.HELD,))
    if amount_minor < 1:
        raise TooMuch
    net, fee = moves.settle(hold, refund_minor=0, release_minor=amount_minor, actor=actor, reason=reason, now=now)
    return Released(net=net, fee=fee)


@transaction.atomic
def refund_part(*, order_id: UUID, amount_minor: int, actor: Actor, reason: str, now: datetime) -> Refund:
    """
    Send a part of what is held or frozen back to the buyer.

    :raises TooMuch: if it is nothing or more than is left
    :raises HoldMoved: if the money is no longer held or frozen, or has moved meanwhile
    """
    hold = moves.find(order_id, among=OPEN_HOLD)
    if amount_minor < 1:
        raise TooMuch
    moves.settle(hold, refund_minor=amount_minor, release_minor=0, actor=actor, reason=reason, now=now)
    return open_refund(hold=hold, amount_minor=amount_minor, actor=actor, reason=reason, now=now)
