"""The end of bank account numbers: with the papers of a store that has ended."""

from __future__ import annotations

from uuid import UUID

from core import audit
from core.actor import Actor
from escrow.models import PayoutAccount


def forget_numbers(*, store_id: UUID, actor: Actor) -> int:
    """
    Blank the sealed numbers of a store's accounts; how many there were. Bank, holder and last digits stay with the
    payouts that went there. Nothing can be paid out before an account is entered again.
    """
    rows = PayoutAccount.objects.filter(store_id=store_id, number__isnull=False)
    count = rows.update(number=None, is_active=False)
    if count:
        audit.record(
            actor=actor, act="payout_account.forgotten", subject_type="store", subject=str(store_id),
            facts={"accounts": count},
        )  # fmt: skip
    return count
