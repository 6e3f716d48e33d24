"""A merchant's running account: releases in, payouts, late refunds and chargebacks out, read a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import overload
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, Q, QuerySet, Subquery, Sum, When, Window
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.money import Money
from escrow.models import Account, Chargeback, Hold, Payout, Refund, Reversal, Transfer, TransferKind
from escrow.queries.lines import BY_PROVIDER, KIND_NAMES, LABELS, MoneyLine, fee_note
from escrow.queries.touching import (
    CHARGEBACK_LEG,
    OF_CHARGEBACK,
    OF_PAYOUT,
    OF_REFUND,
    OF_REVERSAL,
    REFUND_LEG,
    chargeback_of,
    refund_of,
)
from escrow.states import FEES

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

    def told(self, moves: Sequence[Transfer], balances: Mapping[int, int]) -> list[MoneyLine]:
        """Lines of transfers whose balances are known."""
        return _merchant_lines(self.account, moves, balances) if self.account else []


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
        wanted &= _of_orders(store_id, order_number.strip())
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


def _of_orders(store_id: UUID, number: str) -> Q:
    """The movements of the store's orders whose number has these digits: releases, late refunds, chargebacks."""
    mine = Hold.objects.filter(store_id=store_id, order__number__contains=number).values("pk")
    refunds = Refund.objects.filter(hold__in=mine, from_merchant=True).values("pk")
    disputes = Chargeback.objects.filter(hold__in=mine).values("pk")
    passed = Payout.objects.filter(hold__in=mine).values("pk")
    return (
        Q(kind=K.RELEASE_NET, ref__in=mine)
        | Q(kind__in=OF_REFUND, ref__in=refunds)
        | Q(kind=K.FEE_BACK, leg=REFUND_LEG, ref__in=refunds)
        | Q(kind__in=OF_CHARGEBACK, ref__in=disputes)
        | Q(kind=K.FEE_BACK, leg=CHARGEBACK_LEG, ref__in=disputes)
        | Q(kind__in=OF_PAYOUT, ref__in=passed)
        | Q(kind__in=OF_REVERSAL, ref__in=Reversal.objects.filter(payout__in=passed).values("pk"))
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware here


def _merchant_lines(
    account: Account, moves: Sequence[Transfer], balances: Mapping[int, int] | None = None
) -> list[MoneyLine]:
    behind = _behind(moves)
    balances = balances or _balances(account, [move.pk for move in moves])
    lines: list[MoneyLine] = []
    for move in moves:
        sign = 1 if move.credit_id == account.pk else -1
        line = MoneyLine(
            at=move.at,
            kind=_KINDS.get(move.kind, "payout"),
            label=LABELS[move.kind],
            amount=Money(sign * move.amount, move.currency),
            counterparty="",
            reference="",
            balance=Money(balances[move.pk], account.currency),
        )
        lines.append(behind.told(line, move))
    return lines


_KINDS: dict[int, str] = {kind: name for name, kinds in KIND_NAMES.items() for kind in kinds}


@dataclass(frozen=True, slots=True)
class _Behind:
    """The business rows behind a page of transfers."""

    holds: Mapping[int, Hold]
    fees: Mapping[tuple[int, int], int]  # hold and leg of a release
    payouts: Mapping[int, Payout]
    refunds: Mapping[int, Refund]
    chargebacks: Mapping[int, Chargeback]
    reversals: Mapping[int, Reversal]

    def told(self, line: MoneyLine, move: Transfer) -> MoneyLine:
        """The line with whom it was, which order, and the number to find it by."""
        if move.kind == K.RELEASE_NET:
            return _as_release(line, self.holds[move.ref], self.fees.get((move.ref, move.leg), 0))
        if move.kind in OF_PAYOUT:
            return _as_payout(line, move, self.payouts[move.ref])
        if move.kind in OF_REVERSAL:
            return _as_reversal(line, self.reversals[move.ref])
        refund, dispute = refund_of(move, self.refunds), chargeback_of(move, self.chargebacks)
        if refund is not None and refund.hold is not None:
            number = refund.hold.order.number
            return replace(line, counterparty=_("buyer"), reference=f"R{refund.pk}", order_number=number)
        if dispute is not None and dispute.hold is not None:
            number, label = dispute.hold.order.number, line.label
            if (move.kind, move.leg) == (K.CHARGEBACK_WON, FEES):
                label = LABELS[K.RELEASE_FEE]
            return replace(
                line, kind="chargeback", label=label, counterparty=_("payer's bank"), reference=dispute.gateway_ref,
                order_number=number,
            )  # fmt: skip
        if move.kind == K.COMPENSATION:
            return replace(line, counterparty=_("platform"), reference=f"G{move.ref}")
        return replace(line, reference=f"D{move.ref}")  # a debt that was netted


def _behind(moves: Sequence[Transfer]) -> _Behind:
    """With one query for each kind of row that the page needs."""

    def refs(*kinds: int, leg: int | None = None) -> set[int]:
        fee_back = {move.ref for move in moves if move.kind == K.FEE_BACK and move.leg == leg}
        return {move.ref for move in moves if move.kind in kinds} | fee_back

    holds = refs(K.RELEASE_NET)
    payouts, refunds = refs(*OF_PAYOUT), refs(*OF_REFUND, leg=REFUND_LEG)
    disputes, reversals = refs(*OF_CHARGEBACK, leg=CHARGEBACK_LEG), refs(*OF_REVERSAL)
    fees = Transfer.objects.filter(kind=K.RELEASE_FEE, ref__in=holds).values_list("ref", "leg", "amount")
    return _Behind(
        holds=Hold.objects.select_related("order").in_bulk(holds) if holds else {},
        fees={(ref, leg): amount for ref, leg, amount in fees} if holds else {},
        payouts=Payout.objects.select_related("destination", "hold__order").in_bulk(payouts) if payouts else {},
        refunds=Refund.objects.select_related("hold__order").in_bulk(refunds) if refunds else {},
        chargebacks=Chargeback.objects.select_related("hold__order").in_bulk(disputes) if disputes else {},
        reversals=_PASSED.in_bulk(reversals) if reversals else {},
    )


def _as_release(line: MoneyLine, hold: Hold, fee: int) -> MoneyLine:
    return replace(
        line,
        counterparty=_("buyer"),
        reference=f"H{hold.pk}",
        order_number=hold.order.number,
        note=fee_note(line.amount.minor + fee, fee, line.amount.currency),
    )


_PASSED = Reversal.objects.select_related("payout__destination", "payout__hold__order")


def _as_payout(line: MoneyLine, move: Transfer, payout: Payout) -> MoneyLine:
    to = payout.destination
    line = replace(line, counterparty=f"{to.place} ·{to.last4}", reference=payout.gateway_ref or f"P{payout.pk}")
    if payout.hold is None:
        return line
    label = BY_PROVIDER.get(move.kind, line.label)
    return replace(line, label=label, order_number=payout.hold.order.number)


def _as_reversal(line: MoneyLine, row: Reversal) -> MoneyLine:
    to, hold = row.payout.destination, row.payout.hold
    return replace(
        line, counterparty=f"{to.place} ·{to.last4}", reference=row.gateway_ref or f"V{row.pk}",
        order_number=hold.order.number if hold else "",
    )  # fmt: skip


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
