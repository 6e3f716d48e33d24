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
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import NotFound
from core.money import Money
from escrow.errors import ChargebackOpen, HoldMoved, MadeGoodAlready, MoreThanReleased
from escrow.models import Compensation, Hold, Refund
from escrow.queries.compensations import refundable
from escrow.services import moves, taking_back
from escrow.services.refunds import Late, open_refund
from escrow.states import CompensationStatus

GIVEN_BACK = "given back to the buyer"


@transaction.atomic
def refund_released(*, order_id: UUID, amount_minor: int, actor: Actor, reason: str, now: datetime) -> Refund:
    """
    Send a part of what was released back to the buyer, and the fee on it back to the merchant.

    :raises MoreThanReleased: if it is nothing, or more than was released and not given back
    :raises MadeGoodAlready: if the platform has made a part of it good by the same payment, so that less is left
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
    refuse_made_good(hold, amount_minor)
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


def left_to_refund(hold: Hold) -> Money | None:
    """What its payment can still give back; None where the platform has made nothing good by it."""
    if not Compensation.objects.filter(payment=hold.payment_id, status=CompensationStatus.PAID).exists():
        return None
    return refundable([hold.payment])[hold.payment_id]


def refuse_made_good(hold: Hold, minor: int) -> None:
    """
    A payment gives back what was paid and no more, whoever bears it; only what staff made good can be in the way.

    :raises MadeGoodAlready: if so
    """
    left = left_to_refund(hold)
    if left is not None and minor > left.minor:
        raise MadeGoodAlready(_("The platform has made a part of it good already; at most %(left)s can still go back.")
                              % {"left": left})  # fmt: skip


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
