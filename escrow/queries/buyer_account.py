"""A buyer's money over all his orders, read a page at a time: as few queries for a thousand orders as for one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Any, overload
from uuid import UUID

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, LastValue

from core.money import Money
from escrow.models import Chargeback, Compensation, Hold, Receipt, Refund, Transfer, TransferKind
from escrow.queries.lines import (
    KIND_NAMES,
    PASSING_LEGS,
    MoneyLine,
    lines_made_good,
    lines_of_move,
    release_line,
    unfit_line,
)
from escrow.queries.periods import midnight
from escrow.queries.touching import Rows, given_to
from escrow.states import FEES, ReceiptOutcome

K = TransferKind
AT_ONCE = 1_000
BIG = BigIntegerField()
UNFIT_KINDS = (K.SUSPENSE_IN, K.SUSPENSE_REFUND)
INTO = (K.CAPTURE, K.SUSPENSE_APPLIED, K.SUSPENSE_IN, K.CHARGEBACK_WON)


class BuyerLines(Sequence[MoneyLine]):
    """
    The movements of a buyer's money, newest first, as a sequence that a paginator may cut: only the slice asked for is
    read, and its balances are those of the whole account, whatever the filters leave out.

    It counts movements. One that passes the buyer's money by, such as a refund out of the merchant's balance, makes two
    lines: it comes in and goes out at once.
    """

    def __init__(self, user_id: UUID, wanted: Q) -> None:
        self.moves = _moves_of(user_id)
        self.wanted = wanted

    def __len__(self) -> int:
        return self.moves.filter(self.wanted).count()

    def __iter__(self) -> Iterator[MoneyLine]:
        rows = self._with_balances().iterator(chunk_size=AT_ONCE)
        while moves := list(islice(rows, AT_ONCE)):
            yield from self._told(moves)

    @overload
    def __getitem__(self, at: int) -> MoneyLine: ...
    @overload
    def __getitem__(self, at: slice) -> list[MoneyLine]: ...
    def __getitem__(self, at: int | slice) -> MoneyLine | list[MoneyLine]:
        if isinstance(at, int):
            at = at if at >= 0 else at + len(self)
            return self[at : at + 1][0]
        return self._told(list(self._with_balances()[at]))

    def _with_balances(self) -> QuerySet[Transfer]:
        """
        What fits the filters, with the balance after it. All is added up before anything is left out: the window says
        of each row whether it fits, so that the database may only then choose.
        """
        whole: dict[str, Any] = {"partition_by": F("currency"), "order_by": ("at", "rank", "pk")}
        fits = Case(When(self.wanted, then=Value(1)), default=Value(0), output_field=IntegerField())
        rows = self.moves.annotate(fits=fits)
        rows = rows.annotate(after=Window(Sum("delta"), **whole), chosen=Window(LastValue("fits"), **whole))
        return rows.filter(chosen=1).order_by("-at", "-rank", "-pk")  # type: ignore[misc]  # annotated

    def _told(self, moves: Sequence[Transfer]) -> list[MoneyLine]:
        behind = _behind(moves)
        found: list[MoneyLine] = []
        for move in moves:
            found += reversed(behind.lines(move))
        return found


def buyer_lines(
    user_id: UUID,
    *,
    order_number: str = "",
    kind: str = "",
    since: date | None = None,
    until: date | None = None,
    min_minor: int | None = None,
    max_minor: int | None = None,
) -> BuyerLines:
    """
    A buyer's money with us, newest first; the balance is what is held for him. Filters leave balances as they are.
    """
    wanted = Q(pk__isnull=False)
    if order_number.strip():
        wanted &= _of_orders(user_id, order_number.strip())
    if kind:
        wanted &= Q(kind__in=KIND_NAMES.get(kind, ()))
    if since:
        wanted &= Q(at__gte=midnight(since))
    if until:
        wanted &= Q(at__lt=midnight(date.fromordinal(until.toordinal() + 1)))
    if min_minor is not None:
        wanted &= Q(total__gte=min_minor)
    if max_minor is not None:
        wanted &= Q(total__lte=max_minor)
    return BuyerLines(user_id, wanted)


def _moves_of(user_id: UUID) -> QuerySet[Transfer]:
    """
    One row for each movement that a buyer is shown; a release and its fee are one, whose ``total`` is both.

    ``delta``: what it does to what is held for him; ``rank``: what comes first of what happened at the same moment.
    """
    fee = Transfer.objects.filter(kind=K.RELEASE_FEE, ref=OuterRef("ref"), leg=OuterRef("leg"))
    net = Transfer.objects.filter(kind=K.RELEASE_NET, ref=OuterRef("ref"), leg=OuterRef("leg"))
    both = F("amount") + Coalesce(Subquery(fee.values("amount")), Value(0), output_field=BIG)
    passing = Q(kind__in=(K.LATE_REFUND, K.COMPENSATION)) | Q(
        kind__in=(K.CHARGEBACK, K.CHARGEBACK_WON), leg__in=PASSING_LEGS
    )
    rows = Transfer.objects.filter(_touching(user_id) & (~Q(kind=K.RELEASE_FEE) | ~Exists(net)))
    rows = rows.annotate(total=Case(When(kind=K.RELEASE_NET, then=both), default=F("amount"), output_field=BIG))
    return rows.annotate(
        delta=Case(
            When(passing, then=Value(0)), When(kind__in=INTO, then=F("total")), default=-F("total"), output_field=BIG
        ),
        rank=Case(
            When(kind__in=(K.CAPTURE, K.SUSPENSE_APPLIED), then=Value(0)),
            When(kind__in=(K.RELEASE_NET, K.RELEASE_FEE), then=Value(2)),
            When(kind__in=UNFIT_KINDS, then=Value(3)),
            default=Value(1), output_field=IntegerField(),
        ),
    )  # fmt: skip


def _touching(user_id: UUID) -> Q:
    mine = Hold.objects.filter(payment__buyer_id=user_id).values("pk")
    refunds, disputes = (model.objects.filter(hold__in=mine).values("pk") for model in (Refund, Chargeback))
    receipts = Receipt.objects.filter(payment__buyer_id=user_id)
    unfit = receipts.exclude(outcome=ReceiptOutcome.APPLIED).values("pk")
    applied = receipts.filter(outcome=ReceiptOutcome.APPLIED).exclude(reason="").values("pk")
    return (
        Q(kind__in=(K.CAPTURE, K.RELEASE_NET, K.RELEASE_FEE), ref__in=mine)
        | Q(kind__in=(K.REFUND, K.LATE_REFUND), ref__in=refunds)
        | (Q(kind__in=(K.CHARGEBACK, K.CHARGEBACK_WON), ref__in=disputes) & ~Q(kind=K.CHARGEBACK_WON, leg=FEES))
        | Q(kind=K.SUSPENSE_APPLIED, ref__in=applied)
        | Q(kind=K.SUSPENSE_IN, ref__in=unfit)
        | Q(kind=K.SUSPENSE_REFUND, ref__in=Refund.objects.filter(receipt__in=unfit).values("pk"))
        | Q(kind=K.COMPENSATION, ref__in=Compensation.objects.filter(payment__buyer_id=user_id).values("pk"))
    )


def _of_orders(user_id: UUID, number: str) -> Q:
    """The movements of his orders whose number has these digits. Parked money given to one is told by its place."""
    mine = Hold.objects.filter(payment__buyer_id=user_id, order__number__contains=number).values("pk")
    wanted = (
        Q(kind__in=(K.CAPTURE, K.RELEASE_NET, K.RELEASE_FEE), ref__in=mine)
        | Q(kind__in=(K.REFUND, K.LATE_REFUND), ref__in=Refund.objects.filter(hold__in=mine).values("pk"))
        | Q(
            kind__in=(K.CHARGEBACK, K.CHARGEBACK_WON), ref__in=Chargeback.objects.filter(hold__in=mine).values("pk")
        )
    )  # fmt: skip
    for (receipt, leg), hold in given_to(Receipt.objects.filter(payment__buyer_id=user_id)).items():
        if number in hold.order.number:
            wanted |= Q(kind=K.SUSPENSE_APPLIED, ref=receipt, leg=leg)
    return wanted


class _Behind:
    """The business rows behind a page of movements."""

    def __init__(
        self, rows: Rows, receipts: dict[int, Receipt], returns: dict[int, Refund], made_good: dict[int, Refund]
    ) -> None:  # fmt: skip
        self.rows, self.receipts, self.returns, self.made_good = rows, receipts, returns, made_good

    def lines(self, move: Any) -> list[MoneyLine]:
        """Its one line, or two if it passes by, with the balance after each."""
        if move.kind in (K.RELEASE_NET, K.RELEASE_FEE):
            fee = move.total - move.amount if move.kind == K.RELEASE_NET else move.amount
            found = [release_line(self.rows.holds[move.ref], at=move.at, total=move.total, fee=fee)]
        elif move.kind in UNFIT_KINDS:
            found = [unfit_line(move, self.receipts, self.returns)]
        elif move.kind == K.COMPENSATION:
            found = lines_made_good(move, self.made_good[move.ref])
        else:
            found = lines_of_move(move, self.rows)
        balance, told = Money(int(move.after), move.currency), []
        for line in reversed(found):
            told.append(replace(line, balance=balance))
            balance -= line.amount
        return told[::-1]


def _behind(moves: Sequence[Transfer]) -> _Behind:
    """With one query for each kind of row that is needed."""

    def refs(*kinds: int) -> set[int]:
        return {move.ref for move in moves if move.kind in kinds}

    refunds = _in_bulk(Refund.objects.all(), refs(K.REFUND, K.LATE_REFUND, K.SUSPENSE_REFUND))
    disputes = _in_bulk(Chargeback.objects.all(), refs(K.CHARGEBACK, K.CHARGEBACK_WON))
    applied = refs(K.SUSPENSE_APPLIED)
    given = given_to(Receipt.objects.filter(pk__in=applied)) if applied else {}
    wanted = refs(K.CAPTURE, K.RELEASE_NET, K.RELEASE_FEE)
    wanted |= {row.hold_id for row in [*refunds.values(), *disputes.values()] if row.hold_id}
    holds = _in_bulk(Hold.objects.select_related("payment", "order"), wanted)
    rows = Rows(holds=holds, refunds=refunds, chargebacks=disputes, given=given)
    made_good = refs(K.COMPENSATION)
    backs = (
        {row.compensation_id or 0: row for row in Refund.objects.filter(compensation__in=made_good)}
        if made_good
        else {}
    )
    receipts = _in_bulk(Receipt.objects.all(), refs(K.SUSPENSE_IN))
    return _Behind(rows, receipts=receipts, returns=refunds, made_good=backs)


def _in_bulk(rows: QuerySet[Any], pks: set[int]) -> dict[int, Any]:
    return rows.in_bulk(pks) if pks else {}
