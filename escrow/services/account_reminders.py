"""
Whether a payout account is still right: asked when it is old and after an incident, never demanded.

A nudge that can be put off (A5): nothing is refused for its age, and payouts go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.services import standing
from core import audit, deadlines, outbox
from core.actor import Actor
from escrow.models import PayoutAccount

KIND = "payout_account.remind"
A_YEAR = 365


def plan(account: PayoutAccount, *, now: datetime) -> None:
    """Ask about a new account when it is old; not at all if the operator wants no reminders."""
    if settings.PAYOUT_ACCOUNT_REMIND_DAYS:
        deadlines.schedule(KIND, subject=account.pk, due_at=now + timedelta(days=settings.PAYOUT_ACCOUNT_REMIND_DAYS))


@transaction.atomic
def ask_now(store_id: UUID, *, now: datetime) -> None:
    """Something has happened at this store: ask about the account at once."""
    for account in PayoutAccount.objects.filter(store_id=store_id, gateway="", is_active=True):
        PayoutAccount.objects.filter(pk=account.pk).update(remind_at=now)
        deadlines.schedule(KIND, subject=account.pk, due_at=now)


@transaction.atomic
def keep(store_id: UUID, *, actor: Actor, now: datetime) -> bool:
    """
    The account is still right: be silent for as long as a new one would be. False if there is none.

    :raises AccountLimited: if the account of who says so changes none now: what an incident asks is not for a thief
    """
    standing.require(actor.user_id, "change_payout_account")
    later = now + timedelta(days=settings.PAYOUT_ACCOUNT_REMIND_DAYS or A_YEAR)
    account = PayoutAccount.objects.filter(store_id=store_id, gateway="", is_active=True).first()
    if account is None:
        return False
    PayoutAccount.objects.filter(pk=account.pk).update(remind_at=later)
    audit.record(
        actor=actor, act="payout_account.kept", subject_type="store", subject=str(store_id),
        facts={"bank": account.bank, "last4": account.last4},
    )  # fmt: skip
    plan(account, now=now)
    return True


def remind_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: tell whose accounts they are; of those that are used no more nobody hears."""
    with transaction.atomic():
        used = PayoutAccount.objects.filter(pk__among=subjects, is_active=True).values_list("pk", flat=True)
        outbox.publish_many("escrow.payout_account_old", [{"account_id": str(pk)} for pk in used])
        deadlines.finish(KIND, subjects=subjects)
