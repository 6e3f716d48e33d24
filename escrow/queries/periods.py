"""A merchant's statements: what a day or a month began with, what came and went, and what it ended with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal
from uuid import UUID

from django.db.models import DateField, Min, Q, QuerySet, Sum
from django.db.models.functions import Trunc
from django.utils import timezone

from core.money import Money
from escrow.models import Account, Hold, Transfer, TransferKind

K = TransferKind
Unit = Literal["day", "month"]
ONE_DAY = timedelta(days=1)
# Where a movement on the merchant's balance stands in his statement; what is not listed is "other".
COLUMNS: dict[int, str] = {
    K.RELEASE_NET: "released",
    K.FEE_BACK: "fees",
    K.LATE_REFUND: "refunds",
    K.PAYOUT_SENT: "paid_out",
    K.PAYOUT_FAILED: "paid_out",
    K.PAYOUT_RETURNED: "paid_out",
    K.PASSED_BACK: "paid_out",
}


@dataclass(frozen=True, slots=True)
class Period:
    """
    A day or a month of a balance: ``opening`` + ``released`` + ``fees`` + ``refunds`` + ``other`` + ``paid_out`` =
    ``closing``, each signed as it moved the balance.

    ``released`` is before the fee, which ``fees`` takes off. ``end`` is the first day that is not in it.
    """

    first: date
    end: date
    opening: Money
    released: Money
    fees: Money
    refunds: Money
    other: Money
    paid_out: Money
    closing: Money

    @property
    def last(self) -> date:
        return self.end - ONE_DAY

    @property
    def is_month(self) -> bool:
        return self.end - self.first > ONE_DAY

    @property
    def code(self) -> str:
        """As its address and its files name it."""
        return self.first.isoformat()[:7] if self.is_month else self.first.isoformat()

    @property
    def moved(self) -> bool:
        return any(part.minor for part in (self.released, self.fees, self.refunds, self.other, self.paid_out))


def month_after(first: date) -> date:
    return (first.replace(day=1) + 32 * ONE_DAY).replace(day=1)


def currencies_of(store_id: UUID) -> list[str]:
    """In which currencies a store has a balance account."""
    rows = Account.objects.filter(kind="merchant", owner_id=store_id)
    return list(rows.order_by("currency").values_list("currency", flat=True))


def first_day(store_id: UUID, currency: str) -> date | None:
    """When a store's balance first moved."""
    account = _account(store_id, currency)
    if account is None:
        return None
    found = Transfer.objects.filter(Q(credit=account) | Q(debit=account)).aggregate(at=Min("at"))["at"]
    return timezone.localtime(found).date() if found else None


def months_of(store_id: UUID, currency: str, *, first: date, end: date) -> list[Period]:
    """Each month from the one of ``first`` until before ``end``, oldest first, those without movement too."""
    starts, at = [], first.replace(day=1)
    while at < end:
        starts.append(at)
        at = month_after(at)
    return _periods(store_id, currency, [*starts, at], "month")


def days_of(store_id: UUID, currency: str, *, first: date, end: date) -> list[Period]:
    """Each day from ``first`` until before ``end``, oldest first, those without movement too."""
    return _periods(store_id, currency, [first + count * ONE_DAY for count in range((end - first).days + 1)], "day")


def _periods(store_id: UUID, currency: str, marks: Sequence[date], unit: Unit) -> list[Period]:
    """The periods between one mark and the next, with five queries whatever their number."""
    account = _account(store_id, currency)
    opening = _sum_before(account, marks[0]) if account else 0
    moved = _moved(account, store_id, marks, unit) if account else {}
    found = []
    for first, end in pairwise(marks):
        sums = moved.get(first, Counter())
        closing = opening + sum(sums.values())
        columns = {name: Money(sums[name], currency) for name in ("released", "fees", "refunds", "other", "paid_out")}
        found.append(
            Period(first=first, end=end, opening=Money(opening, currency), closing=Money(closing, currency), **columns)
        )
        opening = closing
    return found


def _account(store_id: UUID, currency: str) -> Account | None:
    return Account.objects.filter(key=f"merchant:{store_id}:{currency}").first()


def _sum_before(account: Account, day: date) -> int:
    older = Transfer.objects.filter(at__lt=midnight(day))
    into, out = (
        older.filter(**{side: account}).aggregate(sum=Sum("amount"))["sum"] or 0 for side in ("credit", "debit")
    )
    return int(into) - int(out)


def _moved(account: Account, store_id: UUID, marks: Sequence[date], unit: Unit) -> dict[date, Counter[str]]:
    """What moved in each period, by column. The fee of a release never touches the balance: it is shown in and out."""
    within = Transfer.objects.filter(at__gte=midnight(marks[0]), at__lt=midnight(marks[-1]))
    found: dict[date, Counter[str]] = defaultdict(Counter)
    for side, sign in (("credit", 1), ("debit", -1)):
        for first, kind, amount in _by_period(within.filter(**{side: account}), unit):
            found[first][COLUMNS.get(kind, "other")] += sign * amount
    holds = Hold.objects.filter(store_id=store_id, currency=account.currency)
    for first, _kind, amount in _by_period(within.filter(kind=K.RELEASE_FEE, ref__in=holds.values("pk")), unit):
        found[first]["released"] += amount
        found[first]["fees"] -= amount
    return found


def _by_period(moves: QuerySet[Transfer], unit: Unit) -> Iterable[tuple[date, int, int]]:
    zone = timezone.get_default_timezone()
    cut = moves.annotate(first=Trunc("at", unit, output_field=DateField(), tzinfo=zone))
    return cut.order_by().values_list("first", "kind").annotate(sum=Sum("amount")).values_list("first", "kind", "sum")


def midnight(day: date) -> datetime:
    """The instant at which a day begins, in the zone of the house."""
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_default_timezone())


def read_period(code: str) -> tuple[date, date] | None:
    """The first day of ``2026-11`` or ``2026-11-05`` and the first day after it; None for anything else."""
    try:
        if len(code) == 7:
            first = date.fromisoformat(f"{code}-01")
            return (first, month_after(first)) if 2000 <= first.year <= 2100 else None
        first = date.fromisoformat(code) if len(code) == 10 else date.min
    except ValueError:
        return None
    return (first, first + ONE_DAY) if 2000 <= first.year <= 2100 else None
