"""What was made good out of the platform's pocket, and what a payment can still give back."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import F, QuerySet, Sum

from core.money import Money
from escrow.models import Chargeback, Compensation, Hold, Payment, Refund
from escrow.states import ChargebackStatus, CompensationStatus, PaymentStatus

MOST = 50  # payments to choose from


def compensations_of(incident_id: UUID) -> QuerySet[Compensation]:
    """Those of an incident in the order in which they were decided."""
    rows = Compensation.objects.filter(incident_id=incident_id).select_related("payment", "refund")
    return rows.order_by("number")


def sums_of(rows: Iterable[Compensation]) -> list[Money]:
    """What was made good, one sum for each currency."""
    sums: dict[str, Money] = {}
    for row in rows:
        if row.status == CompensationStatus.PAID:
            sums[row.currency] = sums.get(row.currency, Money(0, row.currency)) + row.amount
    return [sums[currency] for currency in sorted(sums)]


def refundable(payments: Iterable[Payment]) -> dict[UUID, Money]:
    """
    What each payment can still give back out of our pocket, with four queries however many there are.

    All that was paid, less what went back by it or was taken by the payer's bank, less what is still held: that has
    ways back of its own, and the provider returns no more than it took.
    """
    found = {row.pk: row for row in payments if row.status == PaymentStatus.PAID}
    held = F("amount_minor") - F("released_minor") - F("refunded_minor")
    back = Refund.objects.filter(receipt=None).annotate(sum=F("amount_minor"))
    taken = Chargeback.objects.exclude(status=ChargebackStatus.WON).annotate(sum=F("amount_minor"))
    gone: dict[UUID, int] = {}
    for rows in (Hold.objects.annotate(sum=held), back, taken):
        sums = rows.filter(payment__in=list(found)).order_by().values_list("payment").annotate(all=Sum("sum"))
        for pk, minor in sums.values_list("payment", "all"):
            gone[pk] = gone.get(pk, 0) + int(minor)
    return {pk: Money(max(0, row.amount_minor - gone.get(pk, 0)), row.currency) for pk, row in found.items()}


def payments_of(user_id: UUID) -> list[Payment]:
    """A member's newest payments that have arrived."""
    rows = Payment.objects.filter(buyer_id=user_id, status=PaymentStatus.PAID)
    return list(rows.order_by("-paid_at", "pk")[:MOST])


def sum_in(incident_id: UUID, currency: str) -> int:
    """What is made good or waits to be in an incident, in minor units of one currency."""
    rows = Compensation.objects.filter(incident_id=incident_id, currency=currency)
    found = rows.exclude(status=CompensationStatus.REFUSED).aggregate(sum=Sum("amount_minor"))["sum"]
    return int(found or 0)
