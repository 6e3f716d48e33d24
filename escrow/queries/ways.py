"""By which providers a payment may be paid, and has been begun."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings

from core.money import Money
from core.prepared import Blank, Prepared
from escrow.gateways import capabilities, is_set_up
from escrow.models import OtherWay, Payment

_AT = Prepared(lambda: Payment.objects.filter(gateway=Blank("gateway"), reference=Blank("reference"))[:1])
_OTHERS = Prepared(lambda: OtherWay.objects.filter(payment=Blank("payment")).order_by("pk"))


def set_up() -> list[str]:
    """The providers that take buyers' money here, in the order in which they are offered."""
    return [name for name in settings.PAYMENT_GATEWAYS if is_set_up(name)]


def can_hold(name: str, *, at_most: timedelta) -> bool:
    days = capabilities(name).hold_days
    return days is None or timedelta(days=days) >= at_most


def ways_for(*, amount: Money, at_most: timedelta) -> list[str]:
    """Who of them can do what the buyer is promised: take this currency, and hold it as long as the rules may need."""
    named = [name for name in set_up() if amount.currency in capabilities(name).currencies]
    return [name for name in named if can_hold(name, at_most=at_most)]


def payment_at(*, gateway: str, reference: str) -> Payment | None:
    """The payment that has this number at a provider, also if its buyer has chosen another since."""
    found = _AT.first(gateway=gateway, reference=reference)
    if found is not None or not reference:
        return found
    row = OtherWay.objects.select_related("payment").filter(gateway=gateway, reference=reference).first()
    return row.payment if row else None


def other_ways(payment_id: UUID) -> list[OtherWay]:
    return _OTHERS.all(payment=payment_id)


def reference_at(*, payment: Payment, gateway: str) -> str:
    """A payment's number at a provider; empty where it was never begun."""
    if payment.gateway == gateway:
        return payment.reference
    return next((row.reference for row in other_ways(payment.pk) if row.gateway == gateway), "")
