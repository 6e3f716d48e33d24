"""Money that needs a person."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from escrow.models import Payout, Receipt, Refund
from escrow.states import PayoutStatus, ReceiptOutcome, RefundStatus


def parked_receipts() -> QuerySet[Receipt]:
    """Money that arrived and could not be applied, oldest first."""
    rows = Receipt.objects.filter(outcome=ReceiptOutcome.PARKED)
    return rows.select_related("payment__buyer").prefetch_related("payment__orders").order_by("received_at", "pk")


def problems(payment_id: UUID) -> Receipt | None:
    """What is parked for a payment, if anything: its orders must not be shipped for it."""
    return Receipt.objects.filter(payment_id=payment_id, outcome=ReceiptOutcome.PARKED).order_by("pk").first()


def failed_refunds() -> QuerySet[Refund]:
    """Refunds that the provider has refused, oldest first."""
    rows = Refund.objects.filter(status=RefundStatus.FAILED)
    return rows.select_related("hold__order", "payment", "receipt").order_by("created_at", "pk")


def failed_payouts() -> QuerySet[Payout]:
    """Payouts that came back, newest first."""
    rows = Payout.objects.filter(status__in=(PayoutStatus.FAILED, PayoutStatus.RETURNED))
    return rows.select_related("destination", "merchant").order_by("-created_at", "-pk")
