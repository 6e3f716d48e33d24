"""Where a buyer's money is."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Sum

from core.money import Money
from escrow.models import Hold, Receipt, Refund
from escrow.states import OPEN_HOLD, RefundStatus

ON_ITS_WAY = (RefundStatus.PENDING, RefundStatus.SENT, RefundStatus.FAILED)


@dataclass(frozen=True, slots=True)
class BuyerMoney:
    """``held`` for ``orders`` of his; ``parked`` fits no order and goes back; ``on_its_way`` has left for his bank."""

    held: Money
    orders: int
    parked: Money
    on_its_way: Money


def buyer_money(user_id: UUID, *, currency: str = "CNY") -> BuyerMoney:
    """What is held for a buyer and what is on its way back to him. The first two add up to his running balance."""
    rest = F("amount_minor") - F("released_minor") - F("refunded_minor")
    holds = Hold.objects.filter(payment__buyer_id=user_id, currency=currency, status__in=OPEN_HOLD)
    held = holds.aggregate(sum=Sum(rest), n=Count("pk"))
    parked = Receipt.objects.filter(payment__buyer_id=user_id, currency=currency, outcome="parked")
    back = Refund.objects.filter(payment__buyer_id=user_id, currency=currency, status__in=ON_ITS_WAY)
    return BuyerMoney(
        held=Money(held["sum"] or 0, currency),
        orders=held["n"],
        parked=Money(parked.aggregate(sum=Sum("amount_minor"))["sum"] or 0, currency),
        on_its_way=Money(back.aggregate(sum=Sum("amount_minor"))["sum"] or 0, currency),
    )
