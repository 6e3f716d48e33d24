"""A merchant's four numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, QuerySet, Sum

from core.money import Money
from escrow.models import Account, Payout, PayoutAccount
from escrow.queries.holds import open_holds_of
from escrow.states import HoldStatus, PayoutStatus

IN_FLIGHT = (PayoutStatus.APPROVAL, PayoutStatus.PREPARED, PayoutStatus.SENT)


@dataclass(frozen=True, slots=True)
class MerchantMoney:
    """
    Four numbers that add up to ``total``, and each to the ledger.

    held and frozen: the rests of the store's holds, before the fee. arriving: payouts on their way to the bank.
    available: the balance, which the next payout takes along.
    """

    held: Money
    frozen: Money
    arriving: Money
    available: Money

    @property
    def total(self) -> Money:
        return self.held + self.frozen + self.arriving + self.available


def merchant_money(store_id: UUID, now: datetime, *, currency: str = "CNY") -> MerchantMoney:
    """Where a store's money is at this moment."""
    rest = F("amount_minor") - F("released_minor") - F("refunded_minor")
    holds = open_holds_of(store_id).filter(currency=currency)
    rests: dict[str, int] = dict(holds.values_list("status").annotate(left=Sum(rest)).order_by())
    payouts = Payout.objects.filter(store_id=store_id, currency=currency, status__in=IN_FLIGHT)
    arriving = payouts.aggregate(sum=Sum("amount_minor"))["sum"]
    balance = Account.objects.filter(key=f"merchant:{store_id}:{currency}").values_list("balance", flat=True).first()
    return MerchantMoney(
        held=Money(rests.get(HoldStatus.HELD) or 0, currency),
        frozen=Money(rests.get(HoldStatus.FROZEN) or 0, currency),
        arriving=Money(arriving or 0, currency),
        available=Money(balance or 0, currency),
    )


def payout_account(store_id: UUID) -> PayoutAccount | None:
    """Where a store's payouts go; pages show its last four digits."""
    return PayoutAccount.objects.filter(store_id=store_id, gateway="", is_active=True).first()


def account_is_old(account: PayoutAccount | None, *, now: datetime) -> bool:
    """Whether to ask if this is still the right account: old, or after an incident, and not put off."""
    if account is None:
        return False
    if account.remind_at is not None:
        return account.remind_at <= now
    days = settings.PAYOUT_ACCOUNT_REMIND_DAYS
    return bool(days) and account.created_at + timedelta(days=days) <= now


def payouts_of(store_id: UUID) -> QuerySet[Payout]:
    """A store's payouts, newest first."""
    return Payout.objects.select_related("destination").filter(store_id=store_id).order_by("-created_at", "-pk")
