"""
Refund after the release (E14): money goes back out of the merchant's balance.

What his balance and his credit line do not cover the platform advances, and he owes it: the buyer never waits for it.
What the provider has passed on of it is taken back there, as far as his balance lacks it, and pays that debt.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from core.actor import Actor
from core.errors import NotFound
from escrow.errors import ChargebackOpen, HoldMoved, MoreThanReleased
from escrow.models import Hold, Refund
from escrow.services import moves, taking_back
from escrow.services.refunds import Late, open_refund

GIVEN_BACK = "given back to the buyer"


@transaction.atomic
def refund_released(*, order_id: UUID, amount_minor: int, actor: Actor, reason: str, now: datetime) -> Refund:
    """
    Send a part of what was released back to the buyer, and the fee on it back to the merchant.

    :raises MoreThanReleased: if it is nothing, or more than was released and not given back
    :raises ChargebackOpen: while the payer's bank has taken the payment back
    :raises HoldMoved: if another refund has come first
    """
    hold = Hold.objects.select_related("payment", "merchant").filter(order_id=order_id).first()
    if hold is None:
        raise NotFound
    if moves.is_disputed(hold.payment_id):
        raise ChargebackOpen
    if not 0 < amount_minor <= hold.released_minor - hold.returned_minor:
        raise MoreThanReleased
    fee = moves.fee_back(hold, returned_minor=amount_minor)
    _take_back(hold, amount_minor, fee)
    gone = taking_back.stop_passing_on(hold, actor=actor, why=GIVEN_BACK, now=now)
    merchant = moves.lock_merchants({hold.merchant_id})[hold.merchant_id]
    lacking = amount_minor - fee - max(0, merchant.balance)
    credit = moves.shortfall(merchant, amount_minor - fee)
    facts = {"late_refund_minor": amount_minor, "fee_back_minor": fee, "credit_minor": credit}
    moves.note(hold, source=hold.status, act="returned", actor=actor, reason=reason, facts=facts)
    late = Late(fee_back_minor=fee, credit_minor=credit)
    refund = open_refund(hold=hold, amount_minor=amount_minor, actor=actor, reason=reason, now=now, late=late)
    taking_back.cover(gone, minor=lacking, refund=refund, now=now)
    return refund


def _take_back(hold: Hold, minor: int, fee: int) -> None:
    """The guard: all that was read is repeated, and a chargeback moves ``returned_minor`` too."""
    won = Hold.objects.filter(
        pk=hold.pk,
        released_minor=hold.released_minor,
        returned_minor=hold.returned_minor,
        fee_taken_minor=hold.fee_taken_minor,
        fee_back_minor=hold.fee_back_minor,
        released_minor__gte=F("returned_minor") + minor,
    ).update(returned_minor=F("returned_minor") + minor, fee_back_minor=F("fee_back_minor") + fee)
    if not won:
        raise HoldMoved
    hold.returned_minor += minor
    hold.fee_back_minor += fee
