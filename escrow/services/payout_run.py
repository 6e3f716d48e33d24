"""The daily run: no store's money is forgotten, even if the deadline that was to pay it out is lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef

from core import deadlines
from core.models import Deadline
from escrow.models import Account, Payout, PayoutAccount, StorePayoutHold
from escrow.queries.terms import reserve_of, stores_with_reserve

CHUNK = 500
# What has just failed is not tried every hour, and a reserve that becomes free is not paid out crumb by crumb. With the
# hour between two runs this stays well inside a day.
ONE_IN = timedelta(hours=20)


def plan_payouts(*, now: datetime) -> int:
    """
    Plan a payout for every store that has more than its reserve, somewhere to pay it to, and none planned; give how
    many. A run every hour keeps the promise of 24; a run twice harms nothing.
    """
    planned = 0
    ready = PayoutAccount.objects.filter(store_id=OuterRef("owner_id"), is_active=True)
    lately = Payout.objects.filter(merchant=OuterRef("pk"), created_at__gt=now - ONE_IN)
    held = StorePayoutHold.objects.filter(store_id=OuterRef("owner_id"), in_force=True)
    may = Account.objects.filter(Exists(ready), ~Exists(lately), ~Exists(held))
    rows = may.filter(kind="merchant", balance__gt=0).order_by("pk")
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        last = chunk[-1].pk
        for store_id in _without_plan(_above_reserve(chunk, now=now)):
            deadlines.schedule("payout.due", subject=store_id, due_at=now)
            planned += 1
    return planned


def _above_reserve(accounts: Sequence[Account], *, now: datetime) -> list[UUID]:
    """Stores of these balances from which something may leave; only those with a reserve are looked at one by one."""
    kept = stores_with_reserve([row.owner_id for row in accounts if row.owner_id])
    return [
        row.owner_id
        for row in accounts
        if row.owner_id
        and (
            (row.owner_id, row.currency) not in kept
            or row.balance > reserve_of(row.owner_id, row.currency, now).amount.minor
        )
    ]


def _without_plan(store_ids: Sequence[UUID]) -> list[UUID]:
    names = [str(store_id) for store_id in store_ids]
    rows = Deadline.objects.filter(kind="payout.due", subject__in=names, done_at__isnull=True)
    planned = set(rows.values_list("subject", flat=True))
    return [store_id for store_id in dict.fromkeys(store_ids) if str(store_id) not in planned]
