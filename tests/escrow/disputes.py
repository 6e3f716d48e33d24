"""A payer's bank as tests use it: disputes told without a provider, or played at the sandbox bank."""

from __future__ import annotations

from uuid import uuid4

from django.db import transaction

from core import clock
from core.money import Money
from escrow.gateways.base import Dispute
from escrow.models import Chargeback, Hold, Payment
from escrow.services import chargebacks


def about(payment: Payment, minor: int, *, status: str = "open", ref: str = "") -> Dispute:
    return Dispute(
        ref=ref or f"DP{uuid4().hex[:10]}", payment_reference=payment.reference, amount=Money(minor, payment.currency),
        status=status, reason="fraudulent", at=clock.now(),
    )  # type: ignore[arg-type]  # fmt: skip


def dispute(hold: Hold, minor: int) -> list[Chargeback]:
    """Let the payer's bank take this much of a hold's payment."""
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).get(pk=hold.payment_id)
        return chargebacks.open_chargeback(payment=payment, dispute=about(payment, minor), now=clock.now())


def close(rows: list[Chargeback], status: str, *, stays_frozen: bool = False) -> None:
    with transaction.atomic():
        for row in rows:
            fresh = Chargeback.objects.select_related("hold__merchant", "payment").get(pk=row.pk)
            chargebacks.close_chargeback(row=fresh, status=status, stays_frozen=stays_frozen, now=clock.now())
