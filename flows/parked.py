"""Parked money that staff give to its orders."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from core.actor import Actor
from core.errors import NotFound
from escrow.errors import NotApplicable
from escrow.models import Payment, Receipt
from escrow.services import parked, payments
from flows import purchase
from shop.services import orders


@transaction.atomic
def give_to_orders(*, receipt_id: int, reason: str, actor: Actor, now: datetime) -> Payment:
    """
    Hold a payment's parked money for its orders, as if it had come as one right payment.

    :raises NotFound: if there is no such money, or the actor is no staff
    :raises NotApplicable: with the reason, if its orders cannot be served with it
    """
    receipt = Receipt.objects.filter(pk=receipt_id).first()
    if receipt is None or not actor.is_mediator:
        raise NotFound
    if receipt.payment_id is None:
        raise NotApplicable
    locked = orders.lock_orders_of(receipt.payment_id)
    payment = payments.lock_payment(receipt.payment_id)
    receipts = parked.parked_for(payment)
    why = reason.strip() or "parked money given to its order"
    parked.mark_given(payment=payment, receipts=receipts, actor=actor, reason=why, now=now)
    purchase.open_holds(payment, locked=locked, actor=actor, reason=why, now=now, is_parked=True)
    parked.post_given(payment=payment, receipts=receipts, now=now)
    return payment
