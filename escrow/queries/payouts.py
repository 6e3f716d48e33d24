"""Money on its way to merchants: what leaves next and why not more, what waits for staff, who owes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from core import deadlines
from core.errors import Text
from core.money import Money
from escrow import ledger
from escrow.models import Account, Payout, PayoutAccount, PayoutStop, StorePayoutHold, Transfer
from escrow.queries.terms import Reserve, reserve_of
from escrow.states import HoldCause, PayoutStatus

COOL_OFF = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    The next payout of a store: balance − debt − reserve, never less than nothing.

    ``amount``: what will leave; ``why``: why nothing will, or not now; ``due_at``: when, where that is planned.
    """

    balance: Money
    debt: Money
    reserve: Reserve
    amount: Money
    why: Text
    due_at: datetime | None

    @property
    def is_negative(self) -> bool:
        return self.balance.minor < 0


@dataclass(frozen=True, slots=True)
class Debt:
    """What a store owes beyond its balance: paid back out of what is released to it later."""

    store_id: UUID
    amount: Money


def stop_in_force() -> PayoutStop | None:
    """The switch that keeps payouts from leaving, if it is thrown."""
    return PayoutStop.objects.filter(in_force=True).first()


def hold_on_store(store_id: UUID) -> StorePayoutHold | None:
    """What keeps this one store's payouts from leaving, if anything does: of several causes the one that lasts."""
    rows = StorePayoutHold.objects.filter(store_id=store_id, in_force=True)
    return rows.order_by(F("until").desc(nulls_first=True), "pk").first()


def payable_minor(*, balance: int, debt: int, reserve: int) -> int:
    """What of a balance may leave, in minor units: debts first, then the reserve stays."""
    return max(0, balance - min(max(balance, 0), debt) - reserve)


def debt_minor(store_id: UUID, currency: str) -> int:
    """What a store owes beyond its balance, in minor units."""
    account = Account.objects.filter(key=f"receivable:{store_id}:{currency}").first()
    return max(0, -ledger.balance(account)) if account else 0


def debts() -> list[Debt]:
    """Every store that owes, the most first; counted from the transfers, as a recorded account has no other balance."""
    owed: dict[int, int] = {}
    for side, sign in (("debit", 1), ("credit", -1)):
        moves = Transfer.objects.filter(**{f"{side}__kind": "receivable"})
        for pk, amount in moves.values_list(f"{side}_id").annotate(sum=Sum("amount")).order_by():
            owed[pk] = owed.get(pk, 0) + sign * int(amount)
    rows = Account.objects.in_bulk([pk for pk, minor in owed.items() if minor > 0])
    found = [Debt(row.owner_id, Money(owed[pk], row.currency)) for pk, row in rows.items() if row.owner_id]
    return sorted(found, key=lambda debt: -debt.amount.minor)


def outlook(store_id: UUID, now: datetime, *, currency: str = "CNY") -> Outlook:
    """What the next payout of a store will be, when, and if none: why."""
    balance = Account.objects.filter(key=f"merchant:{store_id}:{currency}").values_list("balance", flat=True).first()
    debt, reserve = debt_minor(store_id, currency), reserve_of(store_id, currency, now)
    amount = payable_minor(balance=balance or 0, debt=debt, reserve=reserve.amount.minor)
    account = PayoutAccount.objects.filter(store_id=store_id, gateway="", is_active=True).first()
    planned = next(
        (row.due_at for row in deadlines.open_deadlines(subjects=[store_id]) if row.kind == "payout.due"), None
    )
    usable = usable_from(account) if account else None
    if usable and usable > now:
        planned = max(planned or usable, usable)
    hold = hold_on_store(store_id)
    if hold is not None:
        planned = max(planned or hold.until, hold.until) if hold.until else None
    why = _why_not(balance or 0, debt, amount, account) or _why_held(hold) or _why_later(usable, now)
    return Outlook(
        balance=Money(balance or 0, currency), debt=Money(debt, currency), reserve=reserve,
        amount=Money(amount, currency), why=why, due_at=planned if amount and account else None,
    )  # fmt: skip


def _why_not(balance: int, debt: int, amount: int, account: PayoutAccount | None) -> Text:
    if balance < 0:
        return _("The balance is below zero, so nothing is paid out. What is released next fills it up first.")
    if balance == 0:
        return _("There is nothing on the store's balance that could be paid out.")
    if debt >= balance:
        return _("What is on the balance goes towards what the store owes; nothing is left to pay out.")
    if not amount:
        return _("All that is on the balance is its reserve; it becomes free as the releases behind it grow old.")
    if account is None:
        return _("The store has no bank account yet. Set one on the store's settings page.")
    return ""


def _why_held(hold: StorePayoutHold | None) -> Text:
    return HoldCause(hold.cause).label if hold else ""


def _why_later(usable: datetime | None, now: datetime) -> Text:
    if usable and usable > now:
        return _("A changed bank account is used after three days.")
    if stop_in_force():
        return _("Payouts wait at the moment while the platform checks its books. Nothing is lost.")
    return ""


def waits_until(account: PayoutAccount | None, *, now: datetime) -> datetime | None:
    """Until when payouts wait for this account, or ``None`` if it is in use."""
    usable = usable_from(account) if account else None
    return usable if usable and usable > now else None


def usable_from(account: PayoutAccount) -> datetime:
    """
    From when on an account may be paid to (A10).

    A changed account waits three days, in which its owner has been told and can speak up; a store's first does not, but
    its first at another place does: it takes money away from where it went. The same number entered again, to confirm
    it, is no change and inherits what the older entry had waited.
    """
    since, number = account, ""  # opened only if there is one to compare it with
    others = PayoutAccount.objects.filter(store_id=account.store_id)
    older = others.filter(gateway=account.gateway, created_at__lt=account.created_at)
    for row in older.order_by("-created_at", "-pk"):
        number = number or (account.number.open() if account.number else "")  # type: ignore[union-attr]
        if row.number is None or row.number.open() != number:  # type: ignore[union-attr]
            return since.created_at + COOL_OFF
        since = row
    has_other = others.exclude(gateway=account.gateway).filter(created_at__lt=since.created_at).exists()
    return since.created_at + COOL_OFF if has_other else since.created_at


def payouts_to_approve() -> QuerySet[Payout]:
    """Payouts that wait for a second pair of eyes, oldest first."""
    rows = Payout.objects.filter(status=PayoutStatus.APPROVAL)
    return rows.select_related("destination", "merchant").order_by("created_at", "pk")


def payouts_in(*statuses: str) -> QuerySet[Payout]:
    """Payouts in these states, newest first."""
    rows = Payout.objects.filter(status__in=statuses) if statuses else Payout.objects.all()
    return rows.select_related("destination", "merchant").order_by("-created_at", "-pk")


def payout_counts() -> dict[str, int]:
    """How many payouts are in each state."""
    rows = Payout.objects.values_list("status").annotate(n=Count("pk")).order_by()
    return dict.fromkeys(PayoutStatus.values, 0) | dict(rows)


def is_hopeless(account: PayoutAccount, *, after: int) -> bool:
    """Whether the last ``after`` payouts to an account have all failed."""
    last = Payout.objects.filter(destination=account).order_by("-pk").values_list("status", flat=True)[:after]
    return list(last) == [PayoutStatus.FAILED] * after
