"""What stores owe, netted from what they have."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from core import audit
from core.actor import Actor
from escrow import ledger
from escrow.ledger import Entry
from escrow.models import Account, Recovery, TransferKind


def recover_debt(*, store_id: UUID, merchant: Account, debt: int, actor: Actor, now: datetime) -> Recovery | None:
    """
    Net what a store owes with what lies on its balance; None if there is nothing to net.

    In the caller's transaction, which holds the lock on ``merchant`` and has read ``debt`` (minor units) under it.
    """
    minor = min(debt, merchant.balance)
    if minor <= 0:
        return None
    row = Recovery.objects.create(store_id=store_id, amount_minor=minor, currency=merchant.currency, at=now)
    receivable = ledger.account(f"receivable:{store_id}:{merchant.currency}")
    ledger.post([Entry(TransferKind.RECOVERED, row.pk, merchant, receivable, minor)], now=now)
    audit.record(
        actor=actor, act="debt.recovered", subject_type="store", subject=str(store_id),
        facts={"amount_minor": minor, "currency": merchant.currency, "owed_minor": debt},
    )  # fmt: skip
    return row
