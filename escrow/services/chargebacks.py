"""
Chargebacks: a payer's bank takes money back without asking us, and may give it up again.

What is still held leaves escrow, what was released leaves the merchant, and his fee comes back to him; what he does not
have the platform advances and he owes. What had gone back to the buyer before is taken a second time: the platform's
loss, until the dispute is won. ``taken_minor`` remembers all that, so that a win is booked exactly back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from core import audit
from core.actor import SYSTEM
from core.money import apportion
from core.transitions import advance
from escrow import ledger
from escrow.errors import HoldMoved
from escrow.gateways import gateway as provider_of
from escrow.gateways.base import Dispute, TellsDisputes
from escrow.ledger import Entry
from escrow.models import Account, Chargeback, Hold, Payment, TransferKind
from escrow.services import moves
from escrow.states import (
    CHARGEBACK,
    ESCROW,
    FEES,
    LOSSES,
    MERCHANT,
    OPEN_HOLD,
    RECEIVABLE,
    ChargebackStatus,
    HoldStatus,
)

FEE_LEG = 1  # FEE_BACK of a chargeback; leg 0 is a refund's


@dataclass(frozen=True, slots=True)
class Part:
    """One hold's part of a dispute, in minor units: out of escrow, and out of what was released."""

    hold: Hold
    escrow: int
    released: int

    @property
    def minor(self) -> int:
        return self.escrow + self.released


def ask(*, gateway: str, ref: str) -> Dispute | None:
    """
    What the provider says of a dispute; None if it knows of none. Network.

    :raises Unavailable: if the provider does not answer
    """
    provider = provider_of(gateway)
    return provider.query_dispute(ref=ref) if isinstance(provider, TellsDisputes) else None


def rows_of(*, gateway: str, ref: str) -> list[Chargeback]:
    """What is booked of a dispute, one row for each hold it took from."""
    rows = Chargeback.objects.filter(gateway=gateway, gateway_ref=ref)
    return list(rows.select_related("hold__order", "hold__merchant", "payment").order_by("pk"))


def open_chargeback(*, payment: Payment, dispute: Dispute, now: datetime) -> list[Chargeback]:
    """
    Book the money that a dispute took, once. The payment is locked, and so are its orders.

    It is split over the payment's holds by what each still has, held or released.
    """
    if rows_of(gateway=payment.gateway, ref=dispute.ref):
        return []
    is_same = dispute.amount.currency == payment.currency
    parts = _parts(payment, dispute.amount.minor if is_same else 0)
    lost = dispute.amount.minor - sum(part.minor for part in parts)
    merchants = moves.lock_merchants({part.hold.merchant_id for part in parts})
    made: list[Chargeback] = []
    either: list[Part | None] = [*parts] or [None]
    for part in either:
        surplus = lost if not made else 0
        if part is None or part.minor or surplus:
            made.append(_book(payment, dispute, part, surplus, merchants, now=now))
    return made


def _parts(payment: Payment, minor: int) -> list[Part]:
    rows = Hold.objects.select_for_update(of=("self",), no_key=True).select_related("merchant")
    holds = list(rows.filter(payment=payment).order_by("pk"))
    has = [hold.rest.minor + hold.released_minor - hold.returned_minor for hold in holds]
    shares = apportion(min(minor, sum(has)), has) if sum(has) else [0] * len(holds)
    return [
        Part(hold, min(share, hold.rest.minor), share - min(share, hold.rest.minor))
        for hold, share in zip(holds, shares, strict=True)
    ]


def _book(
    payment: Payment, dispute: Dispute, part: Part | None, lost: int, merchants: dict[int, Account], *, now: datetime
) -> Chargeback:
    fee, credit = 0, 0
    if part is not None and part.minor:
        fee = moves.fee_back(part.hold, returned_minor=part.released) if part.released else 0
        _take(part, fee)
        if part.released:
            credit = moves.shortfall(merchants[part.hold.merchant_id], part.released - fee)
    escrow, released = (part.escrow, part.released) if part else (0, 0)
    taken = {"escrow": escrow, "merchant": released - credit, "receivable": credit, "losses": lost}
    row = Chargeback.objects.create(
        payment=payment, hold=part.hold if part else None, gateway=payment.gateway, gateway_ref=dispute.ref,
        amount_minor=escrow + released + lost, currency=dispute.amount.currency, reason=dispute.reason[:80],
        taken_minor={source: minor for source, minor in taken.items() if minor}, fee_back_minor=fee, opened_at=now,
        answer_by=dispute.answer_by,
    )  # fmt: skip
    ledger.post(_taking(row), now=now)
    audit.record(
        actor=SYSTEM, act="chargeback.open", subject_type="chargeback", subject=str(row.pk), reason=row.reason,
        facts={"amount_minor": row.amount_minor, "currency": row.currency, "ref": row.gateway_ref, **row.taken_minor},
        order_id=part.hold.order_id if part else None,
    )  # fmt: skip
    return row


def _take(part: Part, fee: int) -> None:
    """Move the hold's numbers; what is still open stands frozen until the dispute is over."""
    hold = part.hold
    won = Hold.objects.filter(
        Q(amount_minor__gte=F("released_minor") + F("refunded_minor") + part.escrow),
        Q(released_minor__gte=F("returned_minor") + part.released),
        pk=hold.pk,
        status=hold.status,
    ).update(
        status=HoldStatus.FROZEN if hold.status in OPEN_HOLD else hold.status,
        refunded_minor=F("refunded_minor") + part.escrow,
        returned_minor=F("returned_minor") + part.released,
        fee_back_minor=F("fee_back_minor") + fee,
    )
    if not won:
        raise HoldMoved
    facts = {"escrow_minor": part.escrow, "released_minor": part.released, "fee_back_minor": fee}
    moves.note(hold, source=hold.status, act="charged_back", actor=SYSTEM, reason="taken by the bank", facts=facts)


def _taking(row: Chargeback) -> list[Entry]:
    currency, taken, kind = row.currency, row.taken_minor, TransferKind.CHARGEBACK
    escrow, provider, fees, losses = _platform(row)
    found = []
    if row.hold is not None and row.fee_back_minor:
        found.append(Entry(TransferKind.FEE_BACK, row.pk, fees, row.hold.merchant, row.fee_back_minor, FEE_LEG))
    if row.hold is not None and "receivable" in taken:
        owed = ledger.account(f"receivable:{row.hold.store_id}:{currency}")
        found.append(Entry(TransferKind.CREDIT_CHARGEBACK, row.pk, owed, row.hold.merchant, taken["receivable"]))
    if "escrow" in taken:
        found.append(Entry(kind, row.pk, escrow, provider, taken["escrow"], ESCROW))
    gross = taken.get("merchant", 0) + taken.get("receivable", 0)
    if row.hold is not None and gross:
        found.append(Entry(kind, row.pk, row.hold.merchant, provider, gross, MERCHANT))
    if "losses" in taken:
        found.append(Entry(kind, row.pk, losses, provider, taken["losses"], LOSSES))
    return found


def _platform(row: Chargeback) -> list[Account]:
    currency = row.currency
    return ledger.accounts(
        f"escrow:{currency}", f"provider:{row.gateway}:{currency}", f"fees:{currency}", f"losses:{currency}"
    )


def close_chargeback(*, row: Chargeback, status: str, stays_frozen: bool, now: datetime) -> Hold | None:
    """
    Write a dispute's end down, once: won, the money is back where it came from; lost, it stays gone. Give the hold as
    it is now, if the dispute had frozen it. The payment is locked, and so are its orders.

    ``stays_frozen``: an after-sale case is open, too.

    :raises IllegalTransition: if it is over already
    """
    advance(row, status, machine=CHARGEBACK, actor=SYSTEM, reason="decided by the bank", closed_at=now)
    if status == ChargebackStatus.WON:
        repaid = _repayable(row)
        if repaid:
            row.taken_minor = {**row.taken_minor, "repaid": repaid}
            row.save(update_fields=["taken_minor"])
        ledger.post(_giving_back(row, repaid), now=now)
        _restore(row)
    if row.hold_id is None:
        return None
    return _thaw(row.hold_id, stays_frozen=stays_frozen, now=now)


def _repayable(row: Chargeback) -> int:
    """What of the advance he still owes: the rest has been netted from what he earned meanwhile, and is his."""
    advanced = row.taken_minor.get("receivable", 0)
    if not advanced or row.hold is None:
        return 0
    moves.lock_merchants({row.hold.merchant_id})  # whoever nets a debt holds this lock, too
    owed = -ledger.derived_balance(ledger.account(f"receivable:{row.hold.store_id}:{row.currency}"))
    return max(0, min(int(advanced), owed))


def _giving_back(row: Chargeback, repaid: int) -> list[Entry]:
    currency, taken, kind = row.currency, row.taken_minor, TransferKind.CHARGEBACK_WON
    escrow, provider, fees, losses = _platform(row)
    found = []
    if "escrow" in taken:
        found.append(Entry(kind, row.pk, provider, escrow, taken["escrow"], ESCROW))
    if "losses" in taken:
        found.append(Entry(kind, row.pk, provider, losses, taken["losses"], LOSSES))
    if row.hold is None:
        return found
    his = taken.get("merchant", 0) + taken.get("receivable", 0) - repaid
    if his:
        found.append(Entry(kind, row.pk, provider, row.hold.merchant, his, MERCHANT))
    if repaid:
        owed = ledger.account(f"receivable:{row.hold.store_id}:{currency}")
        found.append(Entry(kind, row.pk, provider, owed, repaid, RECEIVABLE))
    if row.fee_back_minor:
        found.append(Entry(kind, row.pk, row.hold.merchant, fees, row.fee_back_minor, FEES))
    return found


def _restore(row: Chargeback) -> None:
    escrow = row.taken_minor.get("escrow", 0)
    released = row.taken_minor.get("merchant", 0) + row.taken_minor.get("receivable", 0)
    if row.hold_id is None:
        return
    Hold.objects.filter(pk=row.hold_id).update(
        refunded_minor=F("refunded_minor") - escrow,
        returned_minor=F("returned_minor") - released,
        fee_back_minor=F("fee_back_minor") - row.fee_back_minor,
    )


def _thaw(hold_id: int, *, stays_frozen: bool, now: datetime) -> Hold | None:
    """Let a hold go on as it would without the dispute; without anything left in it, it closes."""
    hold = Hold.objects.get(pk=hold_id)
    if hold.status != HoldStatus.FROZEN or hold.chargebacks.filter(status=ChargebackStatus.OPEN).exists():
        return None
    target = HoldStatus.FROZEN if stays_frozen else HoldStatus.HELD
    if not hold.rest:
        target = moves.closed_as(hold.released_minor, hold.refunded_minor)
    closed_at = None if hold.rest else now
    rows = Hold.objects.filter(pk=hold.pk, status=HoldStatus.FROZEN, refunded_minor=hold.refunded_minor)
    if not rows.update(status=target, closed_at=closed_at):
        raise HoldMoved
    hold.status, hold.closed_at = target, closed_at
    moves.note(hold, source=HoldStatus.FROZEN, actor=SYSTEM, reason="dispute over", facts={})
    return hold
