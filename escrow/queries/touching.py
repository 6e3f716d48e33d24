"""Which transfers moved an order's money: by its hold, its refunds, its chargebacks, and parked money given to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q, QuerySet

from escrow.models import Chargeback, Hold, Receipt, Refund, Transfer
from escrow.models import TransferKind as K

OF_HOLD = (K.CAPTURE, K.RELEASE_NET, K.RELEASE_FEE)
OF_REFUND = (K.REFUND, K.REFUND_DONE, K.LATE_REFUND, K.CREDIT_REFUND)
OF_CHARGEBACK = (K.CHARGEBACK, K.CHARGEBACK_WON, K.CREDIT_CHARGEBACK)
OF_PAYOUT = (K.PAYOUT_SENT, K.PAYOUT_DONE, K.PAYOUT_FAILED, K.PAYOUT_RETURNED)
OF_REVERSAL = (K.PASSED_BACK,)  # of what a provider had passed on by a payout
REFUND_LEG, CHARGEBACK_LEG = 0, 1  # FEE_BACK is of a refund or of a chargeback


@dataclass(slots=True)
class Rows:
    """The business rows behind the transfers of some holds."""

    holds: dict[int, Hold]
    refunds: dict[int, Refund] = field(default_factory=dict)
    chargebacks: dict[int, Chargeback] = field(default_factory=dict)
    given: dict[tuple[int, int], Hold] = field(default_factory=dict)  # receipt and leg → hold

    def transfers(self) -> QuerySet[Transfer]:
        """All their transfers, in the order of the books."""
        refunds, disputes = list(self.refunds), list(self.chargebacks)
        wanted = Q(kind__in=OF_HOLD, ref__in=list(self.holds))
        if refunds:
            wanted |= Q(kind__in=OF_REFUND, ref__in=refunds)
            wanted |= Q(kind=K.FEE_BACK, ref__in=refunds, leg=REFUND_LEG)
        if disputes:
            wanted |= Q(kind__in=OF_CHARGEBACK, ref__in=disputes)
            wanted |= Q(kind=K.FEE_BACK, ref__in=disputes, leg=CHARGEBACK_LEG)
        for receipt, leg in self.given:
            wanted |= Q(kind=K.SUSPENSE_APPLIED, ref=receipt, leg=leg)
        return Transfer.objects.filter(wanted).order_by("pk")

    def hold_of(self, move: Transfer) -> Hold:
        refund, dispute = refund_of(move, self.refunds), chargeback_of(move, self.chargebacks)
        if refund is not None or dispute is not None:
            return self.holds[(refund or dispute).hold_id]  # type: ignore[union-attr,index]
        return self.given[move.ref, move.leg] if move.kind == K.SUSPENSE_APPLIED else self.holds[move.ref]


def rows_of(holds: Iterable[Hold]) -> Rows:
    """With three queries."""
    found = Rows({hold.pk: hold for hold in holds})
    found.refunds = {row.pk: row for row in Refund.objects.filter(hold_id__in=found.holds)}
    found.chargebacks = {row.pk: row for row in Chargeback.objects.filter(hold_id__in=found.holds)}
    found.given = _given(found.holds)
    return found


def _given(holds: dict[int, Hold]) -> dict[tuple[int, int], Hold]:
    """Parked money that was given to these orders."""
    receipts = Receipt.objects.filter(payment__in={hold.payment_id for hold in holds.values()})
    return {key: holds[hold.pk] for key, hold in given_to(receipts).items() if hold.pk in holds}


def given_to(receipts: QuerySet[Receipt]) -> dict[tuple[int, int], Hold]:
    """Which of these was given to the orders of its payment: its leg is the hold's place among the payment's."""
    applied = receipts.filter(outcome="applied").exclude(reason="")
    payments: dict[int, UUID | None] = dict(applied.values_list("pk", "payment_id"))
    if not payments:
        return {}
    places: dict[UUID, list[Hold]] = {}
    rows = Hold.objects.filter(payment__in=set(payments.values())).select_related("payment", "order")
    for hold in rows.order_by("pk"):
        places.setdefault(hold.payment_id, []).append(hold)
    return {
        (receipt, leg): hold
        for receipt, payment in payments.items()
        if payment is not None
        for leg, hold in enumerate(places.get(payment, []))
    }


def refund_of(move: Transfer, refunds: Mapping[int, Refund]) -> Refund | None:
    is_fee = move.kind == K.FEE_BACK and move.leg == REFUND_LEG
    return refunds[move.ref] if move.kind in OF_REFUND or is_fee else None


def chargeback_of(move: Transfer, chargebacks: Mapping[int, Chargeback]) -> Chargeback | None:
    is_fee = move.kind == K.FEE_BACK and move.leg == CHARGEBACK_LEG
    return chargebacks[move.ref] if move.kind in OF_CHARGEBACK or is_fee else None
