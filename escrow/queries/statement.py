"""A merchant's running account: releases in, payouts out, read a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import overload
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, Q, QuerySet, Subquery, Sum, When, Window
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

    def __init__(self, account: Account | None, wanted: Q) -> None:
        self.account = account
        self.incoming = Transfer.objects.filter(wanted, credit=account)
        self.outgoing = Transfer.objects.filter(wanted, debit=account)
        self.moves = Transfer.objects.filter(wanted, Q(credit=account) | Q(debit=account)).order_by("-pk")

    def __len__(self) -> int:
        if self.account is None:
            return 0
        return self.incoming.values("pk").union(self.outgoing.values("pk"), all=True).count()

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
        return _merchant_lines(self.account, list(self._cut(at)))

    def _cut(self, at: slice) -> QuerySet[Transfer]:
        """The newest of each side first, where the database can cut both before it joins them: no need to sort all."""
        if not at.stop or not connection.features.supports_slicing_ordering_in_compound:
            return self.moves[at]
        incoming, outgoing = (side.order_by("-pk")[: at.stop] for side in (self.incoming, self.outgoing))
        return incoming.union(outgoing, all=True).order_by("-pk")[at]


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
    wanted = Q()
    if order_number:
        holds = Hold.objects.filter(store_id=store_id, order__number__contains=order_number.strip())
        wanted &= Q(kind=K.RELEASE_NET, ref__in=holds.values("pk"))
    if kind:
        wanted &= Q(kind__in=KIND_NAMES.get(kind, ()))
    if since:
        wanted &= Q(at__gte=_midnight(since))
    if until:
        wanted &= Q(at__lt=_midnight(until + timedelta(days=1)))
    if min_minor is not None:
        wanted &= Q(amount__gte=min_minor)
    if max_minor is not None:
        wanted &= Q(amount__lte=max_minor)
    return Lines(account, wanted)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware here


def _merchant_lines(account: Account, moves: Sequence[Transfer]) -> list[MoneyLine]:
    released = {move.ref for move in moves if move.kind == K.RELEASE_NET}
    paid_out = {move.ref for move in moves if move.kind in KIND_NAMES["payout"]}
    holds = {row.pk: row for row in Hold.objects.select_related("order").filter(pk__in=released)}
    fees = dict(Transfer.objects.filter(kind=K.RELEASE_FEE, ref__in=released).values_list("ref", "amount"))
    payouts = {row.pk: row for row in Payout.objects.select_related("destination").filter(pk__in=paid_out)}
    balances = _balances(account, [move.pk for move in moves])
    lines: list[MoneyLine] = []
    for move in moves:
        sign = 1 if move.credit_id == account.pk else -1
        line = MoneyLine(
            at=move.at,
            kind="payout",
            label=LABELS.get(move.kind) or TransferKind(move.kind).label,
            amount=Money(sign * move.amount, move.currency),
            counterparty="",
            reference="",
            balance=Money(balances[move.pk], account.currency),
        )
        if move.kind == K.RELEASE_NET:
            lines.append(_as_release(line, holds[move.ref], fees.get(move.ref, 0)))
        elif move.ref in paid_out and move.kind in KIND_NAMES["payout"]:
            lines.append(_as_payout(line, payouts[move.ref]))
        else:
            lines.append(replace(line, kind="debt", counterparty=_("the platform"), reference=f"D{move.ref}"))
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
    """The account's balance after each of these transfers: today's less what came later. One statement, one moment."""
    if not pks:
        return {}
    signed = Case(When(credit=account, then=F("amount")), default=-F("amount"))
    later = Window(Sum(signed), order_by=F("pk").desc())
    moves = Transfer.objects.filter(Q(credit=account) | Q(debit=account), pk__gte=min(pks))
    rows = moves.annotate(
        signed=signed, later=later, today=Subquery(Account.objects.filter(pk=account.pk).values("balance"))
    )
    return {
        pk: today - int(later) + own for pk, own, later, today in rows.values_list("pk", "signed", "later", "today")
    }
