"""Running accounts: every movement of money with what it was, for the order, the buyer and the merchant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.money import Money
from core.prepared import Blank, Prepared
from escrow.models import Chargeback, Hold, Receipt, Refund, Transfer, TransferKind
from escrow.queries.touching import OF_HOLD, Rows, chargeback_of, refund_of, rows_of
from escrow.states import FEES, LOSSES, MERCHANT, RECEIVABLE, ReceiptOutcome

K = TransferKind
Text = str | Promise
_UNFIT = Prepared(
    lambda: Receipt.objects.filter(payment=Blank("payment")).exclude(outcome=ReceiptOutcome.APPLIED).order_by("pk")
)
_MOVES = Prepared(
    lambda: (
        Transfer.objects.filter(kind__in=OF_HOLD, ref=Blank("hold"))
        .annotate(is_disputed=Exists(Chargeback.objects.filter(hold=OuterRef("ref"))))
        .order_by("pk")
    )
)
LABELS: dict[int, Text] = {
    K.CAPTURE: _("Paid and held"),
    K.RELEASE_NET: _("Released to the merchant"),
    K.RELEASE_FEE: _("Platform fee"),
    K.REFUND: _("Refunded to the buyer"),
    K.SUSPENSE_IN: _("Arrived and set apart"),
    K.SUSPENSE_REFUND: _("Sent back to the payer"),
    K.PAYOUT_SENT: _("Paid out to the bank"),
    K.PAYOUT_FAILED: _("Payout came back"),
    K.PAYOUT_RETURNED: _("Payout sent back by the bank"),
    K.PASSED_BACK: _("Taken back from your account at the provider"),
    K.LATE_REFUND: _("Refunded to the buyer after the release"),
    K.FEE_BACK: _("Platform fee given back"),
    K.CREDIT_REFUND: _("Advanced by the platform for a refund"),
    K.RECOVERED: _("Netted for what was advanced"),
    K.CHARGEBACK: _("Taken back by the payer's bank"),
    K.CHARGEBACK_WON: _("Dispute with the payer's bank won"),
    K.CREDIT_CHARGEBACK: _("Advanced by the platform for a chargeback"),
    K.SUSPENSE_APPLIED: _("Parked money, given to this order by staff"),
    K.COMPENSATION: _("Made good by the platform"),
}
# The same of a payout that its payment's provider makes.
BY_PROVIDER: dict[int, Text] = {
    K.PAYOUT_SENT: _("Passed on by the payment provider"),
    K.PAYOUT_FAILED: _("Not passed on, back in the balance"),
}
KIND_NAMES = {
    "capture": (K.CAPTURE, K.SUSPENSE_IN, K.SUSPENSE_APPLIED),
    "release": (K.RELEASE_NET, K.RELEASE_FEE),
    "refund": (K.REFUND, K.SUSPENSE_REFUND, K.LATE_REFUND, K.FEE_BACK, K.CREDIT_REFUND),
    "chargeback": (K.CHARGEBACK, K.CHARGEBACK_WON, K.CREDIT_CHARGEBACK),
    "payout": (K.PAYOUT_SENT, K.PAYOUT_FAILED, K.PAYOUT_RETURNED, K.PASSED_BACK, K.RECOVERED),
    "compensation": (K.COMPENSATION,),
}  # what a filter may ask for
# What an order's own account shows beside its releases.
SHOWN = (K.CAPTURE, K.SUSPENSE_APPLIED, K.REFUND, K.LATE_REFUND, K.CHARGEBACK, K.CHARGEBACK_WON)
ANY_LEG = -1
PASSING_LEGS = (MERCHANT, LOSSES, RECEIVABLE)  # of chargebacks
_FROM_MERCHANT, _FROM_PLATFORM = _("The merchant's balance"), _("The platform's account")
_PASSING: dict[tuple[int, int], Text] = {
    (K.LATE_REFUND, ANY_LEG): _FROM_MERCHANT,
    **{(kind, MERCHANT): _FROM_MERCHANT for kind in (K.CHARGEBACK, K.CHARGEBACK_WON)},
    **{(kind, leg): _FROM_PLATFORM for kind in (K.CHARGEBACK, K.CHARGEBACK_WON) for leg in (LOSSES, RECEIVABLE)},
}  # movements that pass an order's account by, and whose money it was


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


def misfits(payment_id: UUID | None) -> list[Receipt]:
    """What arrived for a payment and could not be applied, oldest first; still set apart, or sent back."""
    return _UNFIT.all(payment=payment_id) if payment_id else []


def order_lines(order_id: UUID, *, hold: Hold | None = None, unfit: Sequence[Receipt] = ()) -> list[MoneyLine]:
    """
    An order's account in escrow, oldest first: in when paid, out when released or refunded, and what is left.

    ``unfit``: what arrived for its payment and was not applied; it stands here too, with its way back.
    """
    hold = hold or Hold.objects.select_related("payment", "order").filter(order_id=order_id).first()
    lines = _escrow_lines([hold]) if hold else []
    if unfit:
        lines = sorted([*lines, *_lines_of_unfit({row.pk: row for row in unfit})], key=lambda line: line.at)
    return _with_balance(lines)


def _escrow_lines(holds: Sequence[Hold]) -> list[MoneyLine]:
    """The movements of these holds, from the ledger; a release is one line with its fee in the note."""
    rows, moves = _moves(holds)
    lines: list[MoneyLine] = []
    released: dict[tuple[int, int], list[Transfer]] = defaultdict(list)
    for move in moves:
        if move.kind in (K.RELEASE_NET, K.RELEASE_FEE):
            released[move.ref, move.leg].append(move)
        elif move.kind in SHOWN and (move.kind, move.leg) != (K.CHARGEBACK_WON, FEES):
            lines += lines_of_move(move, rows)
    lines += [_of_legs(rows.holds[ref], legs) for (ref, _leg), legs in released.items()]
    return sorted(lines, key=lambda line: (line.at, line.kind != "capture"))


def _moves(holds: Sequence[Hold]) -> tuple[Rows, list[Transfer]]:
    """One query for a hold to which nothing but capture and release has ever happened."""
    if len(holds) == 1 and not (holds[0].refunded_minor or holds[0].returned_minor):
        found = _MOVES.all(hold=holds[0].pk)
        if found and found[0].kind == K.CAPTURE and not found[0].is_disputed:
            return Rows({holds[0].pk: holds[0]}), list[Transfer](found)
    rows = rows_of(holds)
    return rows, list(rows.transfers())


def lines_of_move(move: Transfer, rows: Rows) -> list[MoneyLine]:
    """
    What a movement does to what is held. What passes it by, because it comes out of the merchant's balance or out of
    the platform's pocket, comes in and goes out at once.
    """
    refund, dispute = refund_of(move, rows.refunds), chargeback_of(move, rows.chargebacks)
    is_back = move.kind == K.CHARGEBACK_WON
    sign = 1 if is_back or move.kind in (K.CAPTURE, K.SUSPENSE_APPLIED) else -1
    hold = rows.hold_of(move)
    reference = hold.payment.reference
    if refund is not None:
        reference = refund.gateway_ref or f"R{refund.pk}"
    elif dispute is not None:
        reference = dispute.gateway_ref
    line = MoneyLine(
        at=move.at,
        kind="chargeback" if dispute else "refund" if refund else "capture",
        label=LABELS[move.kind],
        amount=Money(sign * move.amount, move.currency),
        counterparty=_("payer's bank") if dispute else _("buyer"),
        reference=reference,
        order_number=hold.order.number,
        note=refund.get_status_display() if refund else "",  # type: ignore[attr-defined]
    )
    source = _PASSING.get((move.kind, move.leg)) or _PASSING.get((move.kind, ANY_LEG))
    if source is None:
        return [line]
    through = replace(line, label=source, amount=-line.amount, counterparty=source, note="")
    return [line, through] if is_back else [through, line]


def _of_legs(hold: Hold, legs: Sequence[Transfer]) -> MoneyLine:
    total = sum(leg.amount for leg in legs)
    fee = sum(leg.amount for leg in legs if leg.kind == K.RELEASE_FEE)
    return release_line(hold, at=legs[0].at, total=total, fee=fee)


def release_line(hold: Hold, *, at: datetime, total: int, fee: int) -> MoneyLine:
    """A release and its fee, in minor units, as one line."""
    return MoneyLine(
        at=at,
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


def _lines_of_unfit(receipts: dict[int, Receipt]) -> list[MoneyLine]:
    """Arrival and return of money that could not be applied."""
    refunds = {row.pk: row for row in Refund.objects.filter(receipt_id__in=receipts)}
    moves = Transfer.objects.filter(
        Q(kind=K.SUSPENSE_IN, ref__in=receipts) | Q(kind=K.SUSPENSE_REFUND, ref__in=refunds)
    )
    return [unfit_line(move, receipts, refunds) for move in moves.order_by("pk")]


def unfit_line(move: Transfer, receipts: Mapping[int, Receipt], refunds: Mapping[int, Refund]) -> MoneyLine:
    """Money that could not be applied, as it arrived or as it goes back."""
    is_in = move.kind == K.SUSPENSE_IN
    back = None if is_in else refunds[move.ref]
    return MoneyLine(
        at=move.at,
        kind="capture" if is_in else "refund",
        label=LABELS[move.kind],
        amount=Money(move.amount if is_in else -move.amount, move.currency),
        counterparty=_("buyer"),
        reference=back.gateway_ref or f"R{back.pk}" if back else receipts[move.ref].gateway_ref,
        note=back.get_status_display() if back else "",  # type: ignore[attr-defined]
    )


def lines_made_good(move: Transfer, back: Refund) -> list[MoneyLine]:
    """What the platform made good to a buyer: out of its pocket, and at once on the way back of his payment."""
    line = MoneyLine(
        at=move.at,
        kind="compensation",
        label=LABELS[move.kind],
        amount=Money(-move.amount, move.currency),
        counterparty=_("buyer"),
        reference=back.gateway_ref or f"R{back.pk}",
        note=back.get_status_display(),  # type: ignore[attr-defined]
    )
    return [replace(line, label=_FROM_PLATFORM, amount=-line.amount, counterparty=_FROM_PLATFORM, note=""), line]


def _with_balance(lines: Sequence[MoneyLine]) -> list[MoneyLine]:
    sums: dict[str, int] = defaultdict(int)
    out: list[MoneyLine] = []
    for line in lines:
        currency = line.amount.currency
        sums[currency] += line.amount.minor
        out.append(replace(line, balance=Money(sums[currency], currency)))
    return out
