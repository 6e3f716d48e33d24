"""Our own movements at a provider, as a statement's lines would name them: what matching compares with."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from escrow.models import Chargeback, Hold, Payout, Receipt, Refund, Reversal, Transfer, TransferKind
from escrow.states import PayoutStatus, RefundStatus, ReversalStatus

# A key of ours, as it is or as a provider's alphabet makes it: refund:12, refund:12:2, refund-12, RF000012, payoutx12
_KEYS = {
    "refund": re.compile(r"\A(?:refund[:_-]?|RF)0*(\d{1,18})(?:[:_-]\d+)?\Z", re.ASCII),
    "payout": re.compile(r"\A(?:payout[:_x-]?|release[:_x-]|PO)0*(\d{1,18})(?:[:_x-]\d+)?\Z", re.ASCII),
    "reversal": re.compile(r"\Areversal[:_x-]0*(\d{1,18})\Z", re.ASCII),
}
BOUGHT = (TransferKind.CAPTURE, TransferKind.SUSPENSE_IN)
SENT_BACK = (TransferKind.REFUND_DONE,)
PAID_OUT = (TransferKind.PAYOUT_DONE,)
CAME_BACK = (TransferKind.PAYOUT_RETURNED,)
PASSED_BACK = (TransferKind.PASSED_BACK,)
TAKEN = (TransferKind.CHARGEBACK,)
WON = (TransferKind.CHARGEBACK_WON,)
# What a statement must have a line for.
AT_PROVIDER = (*BOUGHT, *SENT_BACK, *PAID_OUT, *CAME_BACK, *PASSED_BACK, *TAKEN, *WON)


@dataclass(frozen=True, slots=True)
class Ours:
    """
    One movement of ours, which may be several transfers: ``transfer_id`` is the first of them, ``minor`` their sum,
    signed as on our account there (in is positive).

    ``names``: what a line may call it; ``payment``: the provider's numbers of the payment it belongs to, which several
    movements share.
    """

    transfer_id: int
    minor: int
    currency: str
    at: datetime
    names: frozenset[str]
    payment: frozenset[str] = field(default_factory=frozenset)


def key_of(kind: str, name: str) -> int | None:
    """Our row that a name stands for, if it is one of our keys."""
    match = _KEYS[kind].match(name)
    return int(match[1]) if match else None


def payments(gateway: str, names: Collection[str]) -> list[Ours]:
    """Money that arrived: held for its orders, or parked."""
    wanted = Q(gateway_ref__in=names) | Q(payment__reference__in=names)
    rows = list(Receipt.objects.filter(wanted, gateway=gateway).select_related("payment"))
    parked = grouped((TransferKind.SUSPENSE_IN,), {row.pk: row.pk for row in rows})
    orders = dict(
        Hold.objects.filter(payment__in=[row.payment_id for row in rows]).values_list("pk", "payment_id").order_by()
    )
    captured = grouped((TransferKind.CAPTURE,), orders)
    found = []
    for row in rows:
        moved = parked.get(row.pk) or (captured.get(row.payment_id) if row.outcome == "applied" else None)
        if moved:
            of = frozenset({row.payment.reference}) if row.payment and row.payment.reference else frozenset()
            found.append(Ours(*moved, names=frozenset({row.gateway_ref}), payment=of))
    return found


def refunds(gateway: str, names: Collection[str]) -> list[Ours]:
    """Money that was sent back."""
    keys = _keys("refund", names)
    paid = Receipt.objects.filter(Q(gateway_ref__in=names) | Q(payment__reference__in=names), gateway=gateway)
    of_payment = Q(payment__in=paid.exclude(payment=None).values("payment")) | Q(receipt__in=paid)
    rows = list(
        Refund.objects.filter(Q(gateway_ref__in=names) | Q(pk__in=keys) | of_payment, gateway=gateway)
        .filter(status=RefundStatus.DONE)
        .select_related("payment", "receipt")
        .prefetch_related("payment__receipts")
    )
    moved = grouped(SENT_BACK, {row.pk: row.pk for row in rows})
    return [
        Ours(*moved[row.pk], names=keys.get(row.pk, frozenset()) | {row.gateway_ref}, payment=_payment_of(row))
        for row in rows
        if row.pk in moved
    ]


def _payment_of(refund: Refund) -> frozenset[str]:
    receipts = [refund.receipt] if refund.receipt else []
    if refund.payment:
        receipts += refund.payment.receipts.all()
    numbers = {receipt.gateway_ref for receipt in receipts}
    return frozenset(numbers | ({refund.payment.reference} if refund.payment else set())) - {""}


def payouts(gateway: str, names: Collection[str]) -> list[Ours]:
    """Money that was paid out or passed on, and what a bank sent back of it."""
    keys = _keys("payout", names)
    wanted = Q(gateway_ref__in=names) | Q(pk__in=keys) | _of_payment("hold__payment", names)
    ended = (PayoutStatus.PAID, PayoutStatus.RETURNED)
    rows = _unique(Payout.objects.filter(wanted, gateway=gateway, status__in=ended), "hold__payment")
    found = []
    for kinds in (PAID_OUT, CAME_BACK):
        moved = grouped(kinds, {row.pk: row.pk for row in rows})
        found += [
            Ours(*moved[row.pk], keys.get(row.pk, frozenset()) | {row.gateway_ref}, _numbers_of(row.hold))
            for row in rows
            if row.pk in moved
        ]
    return found


def reversals(gateway: str, names: Collection[str]) -> list[Ours]:
    """Money that was taken back from merchants' accounts there; by its refund's name where both are one act."""
    keys, refunds = _keys("reversal", names), _keys("refund", names)
    wanted = Q(gateway_ref__in=names) | Q(pk__in=keys) | Q(refunds_payer=True, refund__in=refunds)
    wanted |= _of_payment("payout__hold__payment", names)
    rows = _unique(
        Reversal.objects.filter(wanted, payout__gateway=gateway, status=ReversalStatus.DONE), "payout__hold__payment"
    )
    moved = grouped(PASSED_BACK, {row.pk: row.pk for row in rows})
    found = []
    for row in rows:
        of_refund = refunds.get(row.refund_id or 0, frozenset()) if row.refunds_payer else frozenset()
        named = keys.get(row.pk, frozenset()) | of_refund | {row.gateway_ref}
        found.append(Ours(*moved[row.pk], named, _numbers_of(row.payout.hold)))
    return found


def _of_payment(path: str, names: Collection[str]) -> Q:
    return Q(**{f"{path}__reference__in": names}) | Q(**{f"{path}__receipts__gateway_ref__in": names})


def _unique(rows: QuerySet[Any], *paths: str) -> list[Any]:
    """Each row once, whichever of its names was found, with its payment's arrivals."""
    found = rows.select_related(*paths).prefetch_related(*[f"{path}__receipts" for path in paths]).order_by("pk")
    return list({row.pk: row for row in found}.values())


def _numbers_of(hold: Hold | None) -> frozenset[str]:
    """The provider's numbers of the payment that something was passed on of."""
    if hold is None:
        return frozenset()
    numbers = {row.gateway_ref for row in hold.payment.receipts.all()}
    return frozenset(numbers | {hold.payment.reference}) - {""}


def chargebacks(gateway: str, names: Collection[str]) -> list[Ours]:
    """Money that payers' banks took, and what was won back; one dispute may have taken from several holds."""
    wanted = Q(gateway_ref__in=names) | Q(payment__reference__in=names)
    rows = list(Chargeback.objects.filter(wanted, gateway=gateway).select_related("payment"))
    disputes = {row.gateway_ref: row for row in rows}
    found = []
    for kinds in (TAKEN, WON):
        moved = grouped(kinds, {row.pk: row.gateway_ref for row in rows})
        found += [
            Ours(*moved[ref], names=frozenset({ref}), payment=frozenset({row.payment.reference} - {""}))
            for ref, row in disputes.items()
            if ref in moved
        ]
    return found


def grouped(kinds: Iterable[int], groups: Mapping[int, object]) -> dict[object, tuple[int, int, str, datetime]]:
    """
    Transfers at a provider by the group their ``ref`` is in: first id, sum as on our account there, currency, moment.
    """
    found: dict[object, tuple[int, int, str, datetime]] = {}
    rows = Transfer.objects.filter(kind__in=list(kinds), ref__in=list(groups)).filter(
        Q(debit__kind="provider") | Q(credit__kind="provider")
    )
    for pk, ref, amount, currency, at, into in rows.order_by("pk").values_list(
        "pk", "ref", "amount", "currency", "at", "debit__kind"
    ):
        minor = amount if into == "provider" else -amount
        group = groups[ref]
        before = found.get(group)
        found[group] = (before[0], before[1] + minor, currency, before[3]) if before else (pk, minor, currency, at)
    return found


def _keys(kind: str, names: Iterable[str]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for name in names:
        pk = key_of(kind, name)
        if pk is not None and pk < 2**63:
            found[pk].add(name)
    return {pk: frozenset(words) for pk, words in found.items()}
