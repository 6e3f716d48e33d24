"""The accountant's journal: every transfer as the two legs it has, whichever account it is read for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from core.money import Money
from escrow.models import Account, Hold, Transfer, TransferKind
from escrow.queries.lines import LABELS, Text
from escrow.queries.periods import midnight
from escrow.records.receipts import transfers_of

MAX_REF = 2**63 - 1
_REFERENCE = re.compile(r"[A-Z]?(\d{1,19})", re.ASCII)


# What no running account shows, because it happens between accounts of ours.
BETWEEN_OURS: dict[int, Text] = {
    TransferKind.REFUND_DONE: _("Refund confirmed by the provider"),
    TransferKind.PAYOUT_DONE: _("Payout confirmed by the bank"),
    TransferKind.PROVIDER_FEE: _("Charged by the provider"),
    TransferKind.ADJUST: _("Correction signed by two"),
}


def kind_word(move: Transfer) -> str:
    """What a transfer is, in the words of the running accounts."""
    word = LABELS.get(move.kind) or BETWEEN_OURS.get(move.kind)
    return str(word or move.get_kind_display())  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a transfer: what leaves an account is a debit of it, what arrives a credit."""

    transfer: Transfer
    account: str
    debit: Money | None
    credit: Money | None

    @property
    def at(self) -> datetime:
        return self.transfer.at

    @property
    def kind(self) -> str:
        return kind_word(self.transfer)


@dataclass(frozen=True, slots=True)
class Total:
    """
    One currency's sums over all that was asked for. Every transfer has both legs, so ``debit`` and ``credit`` are
    equal or the books are broken.

    ``own_debit``, ``own_credit``: of the accounts that were asked for alone.
    """

    currency: str
    debit: Money
    credit: Money
    own_debit: Money
    own_credit: Money

    @property
    def is_equal(self) -> bool:
        return self.debit == self.credit


def journal(
    *,
    since: date | None = None,
    until: date | None = None,
    account: str = "",
    search: str = "",
) -> QuerySet[Transfer]:
    """
    Transfers, newest first. ``account``: a kind of the chart (``escrow``) or the beginning of a key; ``search``: an
    order's number, or the number of a transfer or of what it stands for (``H12``, ``R3``, ``P5``).
    """
    rows = Transfer.objects.select_related("debit", "credit").order_by("-pk")
    if since:
        rows = rows.filter(at__gte=midnight(since))
    if until:
        rows = rows.filter(at__lt=midnight(until + timedelta(days=1)))
    if account:
        mine = accounts_like(account)
        rows = rows.filter(Q(debit__in=mine) | Q(credit__in=mine))
    return rows.filter(_found(search)) if search else rows


def _found(search: str) -> Q:
    order_id = Hold.objects.filter(order__number=search).values_list("order_id", flat=True).first()
    if order_id is not None:
        return Q(pk__in=[move.pk for move in transfers_of(order_id)])
    number = _REFERENCE.fullmatch(search)
    ref = int(number[1]) if number else 0
    return Q(ref=ref) | Q(pk=ref) if 0 < ref <= MAX_REF else Q(pk__in=[])


def accounts_like(text: str) -> QuerySet[Account]:
    """Accounts of a kind, or whose key begins so."""
    return Account.objects.filter(key__startswith=text) if ":" in text else Account.objects.filter(kind=text)


def kinds_of_accounts() -> list[str]:
    """The kinds of account that the books have."""
    return list(Account.objects.order_by("kind").values_list("kind", flat=True).distinct())


def legs(moves: QuerySet[Transfer] | list[Transfer]) -> Iterator[Leg]:
    """Both legs of each, the debit first."""
    rows = moves.iterator(chunk_size=1_000) if isinstance(moves, QuerySet) else iter(moves)
    for move in rows:
        amount = Money(move.amount, move.currency)
        yield Leg(move, move.debit.key, amount, None)
        yield Leg(move, move.credit.key, None, amount)


def totals(rows: QuerySet[Transfer], *, account: str = "") -> list[Total]:
    """The sums of each currency, each side added up for itself from its accounts' currency."""
    plain = rows.order_by().select_related(None)
    sides = {}
    for side in ("debit", "credit"):
        sums = plain.values_list(f"{side}__currency").annotate(sum=Sum("amount"))
        own = plain.filter(**{f"{side}__in": accounts_like(account)}) if account else plain
        sides[side] = (dict(sums), dict(own.values_list(f"{side}__currency").annotate(sum=Sum("amount"))))
    found = []
    for currency in sorted({*sides["debit"][0], *sides["credit"][0]}):
        debit, credit, own_debit, own_credit = (
            Money(int(sums.get(currency, 0)), currency)
            for sums in (sides["debit"][0], sides["credit"][0], sides["debit"][1], sides["credit"][1])
        )
        found.append(Total(currency, debit, credit, own_debit, own_credit))
    return found
