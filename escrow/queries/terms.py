"""What a store and the platform have agreed on: how far below zero it may go, and what stays back from payouts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet, Sum

from core.money import Money, share
from escrow.models import MerchantTerms, Transfer, TransferKind

DEFAULT_CREDIT_LINE_MINOR = 0
DEFAULT_RESERVE_BPS = 0
DEFAULT_RESERVE_DAYS = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """``credit_line``: how far below zero the balance may fall. The reserve is a share of what was released lately."""

    credit_line: Money
    reserve_bps: int
    reserve_days: int

    @property
    def percent(self) -> str:
        """The reserve's share as people write it, without the sign."""
        return f"{self.reserve_bps / 100:g}"

    @property
    def has_reserve(self) -> bool:
        return bool(self.reserve_bps and self.reserve_days)


@dataclass(frozen=True, slots=True)
class Reserve:
    """What stays on a balance, and what it was worked out from."""

    terms: Terms
    released: Money
    amount: Money


def terms_of(store_id: UUID, currency: str) -> Terms:
    """A store's terms in a currency: the newest that staff have set, or the defaults."""
    row = terms_history(store_id, currency).first()
    if row is None:
        return Terms(Money(DEFAULT_CREDIT_LINE_MINOR, currency), DEFAULT_RESERVE_BPS, DEFAULT_RESERVE_DAYS)
    return Terms(Money(row.credit_line_minor, currency), row.reserve_bps, row.reserve_days)


def terms_history(store_id: UUID, currency: str) -> QuerySet[MerchantTerms]:
    """Every set of terms of a store, newest first."""
    return MerchantTerms.objects.filter(store_id=store_id, currency=currency).order_by("-pk")


def reserve_of(store_id: UUID, currency: str, now: datetime, *, terms: Terms | None = None) -> Reserve:
    """
    What stays back from a store's payouts at this moment: a share of what was released to it in the last days.

    Released is what has arrived on its balance, after the fee.
    """
    terms = terms or terms_of(store_id, currency)
    nothing = Money(0, currency)
    if not terms.has_reserve:
        return Reserve(terms, nothing, nothing)
    since = now - timedelta(days=terms.reserve_days)
    moves = Transfer.objects.filter(
        kind=TransferKind.RELEASE_NET, credit__key=f"merchant:{store_id}:{currency}", at__gt=since, at__lte=now
    )
    released = moves.aggregate(sum=Sum("amount"))["sum"] or 0
    return Reserve(terms, Money(released, currency), Money(share(released, terms.reserve_bps), currency))


def stores_with_reserve(store_ids: Collection[UUID]) -> set[tuple[UUID, str]]:
    """Which of these stores may have a reserve, with the currency; for looking at many at once."""
    rows = MerchantTerms.objects.filter(store_id__in=store_ids, reserve_bps__gt=0, reserve_days__gt=0)
    return set(rows.values_list("store_id", "currency").distinct().order_by())
