"""Setting a store's terms: by staff, with a reason, on the record."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core import audit
from core.actor import Actor
from core.errors import Forbidden
from escrow import ledger
from escrow.errors import BadTerms, BelowCreditLine, NeedsReason
from escrow.models import Account, MerchantTerms

LONGEST_RESERVE_DAYS = 365
MAX_REASON = 200


@transaction.atomic
def set_terms(
    *,
    store_id: UUID,
    currency: str,
    credit_line_minor: int,
    reserve_bps: int,
    reserve_days: int,
    reason: str,
    actor: Actor,
    now: datetime,
) -> MerchantTerms:
    """
    Agree anew with a store: how far its balance may fall below zero (minor units), and what stays back from payouts.

    The floor under the balance moves with the credit line, under the lock of the account's row, so that nothing can
    slip through between reading the balance and moving the floor.

    :raises Forbidden: if it is not staff who sets them
    :raises NeedsReason: if no reason is given
    :raises BadTerms: if a number is out of range
    :raises BelowCreditLine: if the balance is already lower
    """
    if not actor.is_mediator:
        raise Forbidden
    if not reason.strip():
        raise NeedsReason
    if credit_line_minor < 0 or not 0 <= reserve_bps <= 10_000 or not 0 <= reserve_days <= LONGEST_RESERVE_DAYS:
        raise BadTerms
    opened = ledger.account(f"merchant:{store_id}:{currency}")
    account = Account.objects.select_for_update(no_key=True).get(pk=opened.pk)
    if account.balance < -credit_line_minor:
        raise BelowCreditLine
    Account.objects.filter(pk=account.pk).update(floor=-credit_line_minor)
    row = MerchantTerms.objects.create(
        store_id=store_id, currency=currency, credit_line_minor=credit_line_minor, reserve_bps=reserve_bps,
        reserve_days=reserve_days, reason=reason.strip()[:MAX_REASON], set_by=actor.user_id, set_at=now,
    )  # fmt: skip
    audit.record(
        actor=actor, act="terms.set", subject_type="store", subject=str(store_id), reason=row.reason,
        facts={
            "currency": currency, "credit_line_minor": credit_line_minor, "reserve_bps": reserve_bps,
            "reserve_days": reserve_days, "floor_before": account.floor,
        },
    )  # fmt: skip
    return row
