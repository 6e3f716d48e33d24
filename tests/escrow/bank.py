"""The payer at the sandbox bank, with the bank's notices brought to the shop."""

from __future__ import annotations

from uuid import UUID

from core import clock
from escrow import sandbox_notices
from escrow.models import SandboxNotice
from tests.sandbox import at_bank


def pay_and_tell(payment_id: UUID, outcome: str = "paid", minor: int | None = None) -> None:
    """Do something on the bank's page and let its notices reach the shop."""
    at_bank(payment_id, outcome, minor=minor)
    deliver_notices()


def deliver_notices() -> None:
    """Send what the bank still owes. A test that never commits would wait for it for ever."""
    for notice in SandboxNotice.objects.filter(sent_at__isnull=True).order_by("pk"):
        sandbox_notices.send_notice(notice_id=notice.pk, now=clock.now())
