"""Running accounts: every movement of money with what it was, for the order, the buyer and the merchant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.money import Money
from core.prepared import Blank, Prepared
from escrow.models import Hold, Receipt, Refund, Transfer, TransferKind

K = TransferKind
Text = str | Promise
OF_HOLD = (K.CAPTURE, K.RELEASE_NET, K.RELEASE_FEE)
_MOVES = Prepared(lambda: Transfer.objects.filter(kind__in=OF_HOLD, ref=Blank("hold")).order_by("pk"))
LABELS: dict[int, Text] = {
    K.CAPTURE: _("Paid into escrow"),
    K.RELEASE_NET: _("Released to the merchant"),
    K.RELEASE_FEE: _("Platform fee"),
    K.REFUND: _("Refunded to the buyer"),
    K.SUSPENSE_IN: _("Arrived and set apart"),
    K.SUSPENSE_REFUND: _("Sent back to the payer"),
    K.PAYOUT_SENT: _("Paid out to the bank"),
    K.PAYOUT_FAILED: _("Payout came back"),
    K.PAYOUT_RETURNED: _("Payout was sent back by the bank"),
    K.RECOVERED: _("Towards what was owed"),
}
KIND_NAMES = {
    "capture": (K.CAPTURE, K.SUSPENSE_IN),
    "release": (K.RELEASE_NET, K.RELEASE_FEE),
    "refund": (K.REFUND, K.SUSPENSE_REFUND),
    "payout": (K.PAYOUT_SENT, K.PAYOUT_FAILED, K.PAYOUT_RETURNED),
}  # what a filter may ask for


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """
    One movement, signed for the account it is read on: into it is positive.

    ``balance`` is what is on that account after it; ``note`` says more where one amount hides two (a fee).
    """

    at: datetime
    kind: str
    label: Text
    amount: Money
    counterparty: Text
    reference: str
    order_number: str = ""
    balance: Money | None = None
    note: Text = ""


def order_lines(order_id: UUID, *, hold: Hold | None = None) -> list[MoneyLine]:
    """An order's account in escrow, oldest first: in when paid, out when released or refunded, and what is left."""
    hold = hold or Hold.objects.select_related("payment", "order").filter(order_id=order_id).first()
    return _with_balance(_escrow_lines([hold])) if hold else []


def buyer_lines(
    user_id: UUID,
    *,
    order_number: str = "",
    kind: str = "",
    since: date | None = None,
    until: date | None = None,
    min_minor: int | None = None,
    max_minor: int | None = None,
) -> list[MoneyLine]:
    """
    A buyer's money with us, newest first; the balance is what is held for him. Filters leave balances as they are.
    """
    holds = list(Hold.objects.select_related("payment", "order").filter(payment__buyer_id=user_id))
    lines = _with_balance(sorted([*_escrow_lines(holds), *_parked_lines(user_id)], key=lambda line: line.at))

    def wanted(line: MoneyLine) -> bool:
        day = timezone.localtime(line.at).date()
        size = abs(line.amount.minor)
        return (
            (not order_number or order_number.strip() in line.order_number)
            and (not kind or line.kind == kind)
            and (since is None or day >= since)
            and (until is None or day <= until)
            and (min_minor is None or size >= min_minor)
            and (max_minor is None or size <= max_minor)
        )

    return [line for line in reversed(lines) if wanted(line)]


def _escrow_lines(holds: Sequence[Hold]) -> list[MoneyLine]:
    """The movements of these holds, from the ledger; a release is one line with its fee in the note."""
    by_pk = {hold.pk: hold for hold in holds}
    returned = [hold.pk for hold in holds if hold.refunded_minor]
    refunds = {row.pk: row for row in Refund.objects.filter(hold_id__in=returned)} if returned else {}
    moves = _moves(list(by_pk), list(refunds))
    lines: list[MoneyLine] = []
    released: dict[int, list[Transfer]] = defaultdict(list)
    for move in moves:
        if move.kind in (K.RELEASE_NET, K.RELEASE_FEE):
            released[move.ref].append(move)
            continue
        refund = refunds.get(move.ref) if move.kind == K.REFUND else None
        hold = by_pk[refund.hold_id if refund and refund.hold_id else move.ref]
        lines.append(_of_hold(move, hold, refund))
    lines += [_release_line(by_pk[ref], legs) for ref, legs in released.items()]
    return sorted(lines, key=lambda line: (line.at, line.kind != "capture"))


def _moves(holds: list[int], refunds: list[int]) -> list[Transfer]:
    if len(holds) == 1 and not refunds:
        return _MOVES.all(hold=holds[0])
    rows = Transfer.objects.filter(Q(kind__in=OF_HOLD, ref__in=holds) | Q(kind=K.REFUND, ref__in=refunds))
    return list(rows.order_by("pk"))


def _of_hold(move: Transfer, hold: Hold, refund: Refund | None) -> MoneyLine:
    sign = -1 if refund else 1
    return MoneyLine(
        at=move.at,
        kind="refund" if refund else "capture",
        label=LABELS[move.kind],
        amount=Money(sign * move.amount, move.currency),
        counterparty=_("buyer"),
        reference=(refund.gateway_ref or f"R{refund.pk}") if refund else hold.payment.reference,
        order_number=hold.order.number,
        note=refund.get_status_display() if refund else "",  # type: ignore[attr-defined]
    )


def _release_line(hold: Hold, legs: Sequence[Transfer]) -> MoneyLine:
    total = sum(leg.amount for leg in legs)
    fee = sum(leg.amount for leg in legs if leg.kind == K.RELEASE_FEE)
    return MoneyLine(
        at=legs[0].at,
        kind="release",
        label=LABELS[K.RELEASE_NET],
        amount=Money(-total, hold.currency),
        counterparty=_("merchant"),
        reference=f"H{hold.pk}",
        order_number=hold.order.number,
        note=fee_note(total, fee, hold.currency),
    )


def fee_note(gross: int, fee: int, currency: str) -> Text:
    if not fee:
        return ""
    net, whole, part = (str(Money(minor, currency)) for minor in (gross - fee, gross, fee))
    return _("%(net)s = %(gross)s − fee %(fee)s") % {"net": net, "gross": whole, "fee": part}


def _parked_lines(user_id: UUID) -> list[MoneyLine]:
    """Money of this buyer that could not be applied, and its way back."""
    receipts = {row.pk: row for row in Receipt.objects.filter(payment__buyer_id=user_id).exclude(outcome="applied")}
    refunds = {row.pk: row for row in Refund.objects.filter(receipt_id__in=receipts)}
    moves = Transfer.objects.filter(
        Q(kind=K.SUSPENSE_IN, ref__in=receipts) | Q(kind=K.SUSPENSE_REFUND, ref__in=refunds)
    )
    lines: list[MoneyLine] = []
    for move in moves.order_by("pk"):
        is_in = move.kind == K.SUSPENSE_IN
        reference = receipts[move.ref].gateway_ref if is_in else refunds[move.ref].gateway_ref or f"R{move.ref}"
        lines.append(
            MoneyLine(
                at=move.at,
                kind="capture" if is_in else "refund",
                label=LABELS[move.kind],
                amount=Money(move.amount if is_in else -move.amount, move.currency),
                counterparty=_("buyer"),
                reference=reference,
            )
        )
    return lines


def _with_balance(lines: Sequence[MoneyLine]) -> list[MoneyLine]:
    sums: dict[str, int] = defaultdict(int)
    out: list[MoneyLine] = []
    for line in lines:
        currency = line.amount.currency
        sums[currency] += line.amount.minor
        out.append(replace(line, balance=Money(sums[currency], currency)))
    return out
