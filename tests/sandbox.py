"""The sandbox bank as tests use it: over the same signed HTTP as in life, answered in this process."""

from __future__ import annotations

from uuid import UUID

from core import clock
from escrow import sandbox_bank
from escrow.models import Payment
from escrow.services import payments
from flows import purchase


def at_bank(payment_id: UUID, outcome: str, *, minor: int | None = None) -> None:
    """Go to the bank's page and do something there, without telling the shop."""
    payments.start_payment(payment_id=payment_id)
    sandbox_bank.act(key=f"payment:{payment_id}", outcome=outcome, minor=minor)


def pay_at_bank(payment_id: UUID, outcome: str = "paid", *, minor: int | None = None) -> Payment:
    """Do something at the bank and let the shop ask the bank for the truth."""
    at_bank(payment_id, outcome, minor=minor)
    return purchase.settle_payment(payment_id=payment_id, now=clock.now())
