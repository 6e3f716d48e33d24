"""What is known of a bank account that tells us nothing: arrivals, transfers made, and those that wait to be made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from core.money import Money
from core.sealed import Sealed
from escrow.gateways.base import Movement
from escrow.models import Payout, Receipt, Refund, StatementLine
from escrow.queries.ours import key_of
from escrow.states import PayoutStatus, ReceiptOutcome, RefundStatus

GATEWAY = "bank"
WORDS = {"refund": "RF", "payout": "PO"}


def arrivals(word: str) -> list[Movement]:
    """Money that came in under a payment's word, as the bank's statements have it."""
    lines = StatementLine.objects.filter(gateway=GATEWAY, reference=word, gross_minor__gt=0).order_by("at", "pk")
    return [Movement(line.ext_id[:80], Money(line.gross_minor, line.currency), line.at) for line in lines]


def left(key: str) -> str:
    """The bank's number of the transfer made for one of our keys: staff wrote it down, or its line shows it whole."""
    for kind, prefix in WORDS.items():
        pk = key_of(kind, key)
        if pk is None:
            continue
        rows = Refund.objects.all() if kind == "refund" else Payout.objects.all()
        row = rows.filter(pk=pk, gateway=GATEWAY).values_list("gateway_ref", "amount_minor", "currency").first()
        if row is None or row[0]:
            return row[0] if row else ""
        line = StatementLine.objects.filter(
            gateway=GATEWAY, reference=f"{prefix}{pk:06d}", gross_minor=-row[1], currency=row[2]
        ).first()
        return line.ext_id[:80] if line else ""
    return ""


@dataclass(frozen=True, slots=True)
class ToMake:
    """A transfer that staff have to make at the bank, with its word; ``to``: holder, bank, account number."""

    kind: str
    pk: int
    word: str
    amount: Money
    to: tuple[str, str, str]
    since: datetime
    arrival: str = ""  # a refund goes back the way this arrival came


def to_make(*, with_numbers: bool = False) -> list[ToMake]:
    """Refunds and payouts at the bank that nobody has made yet, oldest first; account numbers in full only if asked."""
    refunds = Refund.objects.filter(
        gateway=GATEWAY, status__in=(RefundStatus.PENDING, RefundStatus.SENT), gateway_ref=""
    )
    payouts = Payout.objects.filter(
        gateway=GATEWAY, status__in=(PayoutStatus.PREPARED, PayoutStatus.SENT), gateway_ref=""
    )
    found = []
    for row in payouts.select_related("destination"):
        to = row.destination
        number = cast(Sealed, to.number).open() if with_numbers else f"·{to.last4}"
        found.append(_of("payout", row, to=(to.holder, to.bank, number)))
    for refund in refunds.select_related("receipt", "payment"):
        receipt = refund.receipt or _paid(refund)
        found.append(_of("refund", refund, arrival=receipt.gateway_ref if receipt else ""))
    return sorted(found, key=lambda one: (one.since, one.kind, one.pk))


def _of(kind: str, row: Refund | Payout, *, to: tuple[str, str, str] = ("", "", ""), arrival: str = "") -> ToMake:
    word = f"{WORDS[kind]}{row.pk:06d}"
    return ToMake(kind, row.pk, word, row.amount, to, row.created_at, arrival)


def _paid(refund: Refund) -> Receipt | None:
    if refund.payment is None:
        return None
    return refund.payment.receipts.filter(outcome=ReceiptOutcome.APPLIED).first()
