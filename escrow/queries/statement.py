"""A merchant's running account: releases in, payouts out, read a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import overload
from uuid import UUID

from django.db.models import Case, F, Q, QuerySet, Sum, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.money import Money
from escrow.models import Account, Hold, Payout, Transfer, TransferKind
from escrow.queries.lines import KIND_NAMES, LABELS, MoneyLine, fee_note

K = TransferKind


class Lines(Sequence[MoneyLine]):
    """
    A merchant's running account, newest first, as a sequence that a paginator may cut: only the slice asked for is
    read, and its balances are those of the whole account, whatever the filters leave out.
    """

    def __init__(self, account: Account | None, moves: QuerySet[Transfer]) -> None:
        self.account = account
        self.moves = moves.order_by("-pk")

    def __len__(self) -> int:
        return self.moves.count() if self.account else 0

    count = __len__  # type: ignore[assignment]

    def __iter__(self) -> Iterator[MoneyLine]:
        return iter(self[0:])

    @overload
    def __getitem__(self, at: int) -> MoneyLine: ...
    @overload
    def __getitem__(self, at: slice) -> list[MoneyLine]: ...
    def __getitem__(self, at: int | slice) -> MoneyLine | list[MoneyLine]:
        if isinstance(at, int):
            return self[at : at + 1][0]
        if self.account is None:
            return []
        return _merchant_lines(self.account, list(self.moves[at]))


def merchant_lines(
    store_id: UUID,
    *,
    currency: str = "CNY",
    order_number: str = "",
    kind: str = "",
    since: date | None = None,
    until: date | None = None,
    min_minor: int | None = None,
    max_minor: int | None = None,
) -> Lines:
    """A store's balance account: releases in, payouts out, with the balance after each."""
    account = Account.objects.filter(key=f"merchant:{store_id}:{currency}").first()
    moves = Transfer.objects.filter(Q(credit=account) | Q(debit=account)) if account else Transfer.objects.none()
    if order_number:
        holds = Hold.objects.filter(store_id=store_id, order__number__contains=order_number.strip())
        moves = moves.filter(kind=K.RELEASE_NET, ref__in=holds.values("pk"))
    if kind:
        moves = moves.filter(kind__in=KIND_NAMES.get(kind, ()))
    if since:
        moves = moves.filter(at__gte=_midnight(since))
    if until:
        moves = moves.filter(at__lt=_midnight(until + timedelta(days=1)))
    if min_minor is not None:
        moves = moves.filter(amount__gte=min_minor)
    if max_minor is not None:
        moves = moves.filter(amount__lte=max_minor)
    return Lines(account, moves)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware here


def _merchant_lines(account: Account, moves: Sequence[Transfer]) -> list[MoneyLine]:
    refs: dict[bool, set[int]] = {True: set(), False: set()}
    for move in moves:
        refs[move.kind == K.RELEASE_NET].add(move.ref)
    holds = {row.pk: row for row in Hold.objects.select_related("order").filter(pk__in=refs[True])}
    fees = dict(Transfer.objects.filter(kind=K.RELEASE_FEE, ref__in=refs[True]).values_list("ref", "amount"))
    payouts = {row.pk: row for row in Payout.objects.select_related("destination").filter(pk__in=refs[False])}
    balances = _balances(account, [move.pk for move in moves])
    lines: list[MoneyLine] = []
    for move in moves:
        sign = 1 if move.credit_id == account.pk else -1
        line = MoneyLine(
            at=move.at,
            kind="payout",
            label=LABELS[move.kind],
            amount=Money(sign * move.amount, move.currency),
            counterparty="",
            reference="",
            balance=Money(balances[move.pk], account.currency),
        )
        if move.kind == K.RELEASE_NET:
            lines.append(_as_release(line, holds[move.ref], fees.get(move.ref, 0)))
        else:
            lines.append(_as_payout(line, payouts[move.ref]))
    return lines


def _as_release(line: MoneyLine, hold: Hold, fee: int) -> MoneyLine:
    return replace(
        line,
        kind="release",
        counterparty=_("buyer"),
        reference=f"H{hold.pk}",
        order_number=hold.order.number,
        note=fee_note(line.amount.minor + fee, fee, line.amount.currency),
    )


def _as_payout(line: MoneyLine, payout: Payout) -> MoneyLine:
    to = payout.destination
    return replace(line, counterparty=f"{to.bank} ·{to.last4}", reference=payout.gateway_ref or f"P{payout.pk}")


def _balances(account: Account, pks: Collection[int]) -> dict[int, int]:
    """The account's balance after each of these transfers: one sum up to the newest, then backwards."""
    if not pks:
        return {}
    signed = Case(When(credit=account, then=F("amount")), default=-F("amount"))
    moves = Transfer.objects.filter(Q(credit=account) | Q(debit=account), pk__lte=max(pks)).annotate(signed=signed)
    running = int(moves.aggregate(sum=Sum("signed"))["sum"] or 0)
    found: dict[int, int] = {}
    for pk, amount in moves.filter(pk__gte=min(pks)).order_by("-pk").values_list("pk", "signed"):
        found[pk] = running
        running -= amount
    return found
