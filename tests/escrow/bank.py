"""The payer at the sandbox bank, with the bank's notices brought to the shop."""

from __future__ import annotations

from uuid import UUID

from tests import sandbox


def pay_and_tell(payment_id: UUID, outcome: str = "paid", minor: int | None = None) -> None:
    """Do something on the bank's page and let its notices reach the shop."""
    sandbox.at_bank(payment_id, outcome, minor=minor)
    deliver_notices()


def deliver_notices() -> None:
    """Send what the bank still owes, also what is not due yet."""
    sandbox.tell_shop()
