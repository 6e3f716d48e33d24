"""
Holds: one order's money in escrow, from capture to release, refund or split.

Every decision is one guarded UPDATE on the hold's row (``escrow.services.moves``); steps are in ``steps``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from core import audit
from core.actor import Actor
from core.money import Money
from escrow import ledger
from escrow.errors import HoldMoved
from escrow.gateways import capabilities
from escrow.ledger import Entry
from escrow.models import Hold, Payment, Refund, TransferKind
from escrow.services import moves
from escrow.services.bulk_release import release_many
from escrow.services.refunds import open_refund
from escrow.states import OPEN_HOLD, HoldStatus

__all__ = [
    "Released", "Split", "freeze", "note_warned", "open_hold", "refund", "release", "release_many", "split", "thaw",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Released:
    """What a release paid to the merchant, and the platform's fee."""

    net: Money
    fee: Money


@dataclass(frozen=True, slots=True)
class Split:
    """What a split gave back to the buyer, paid to the merchant, and the fee on the latter."""

    refund: Refund | None
    net: Money
    fee: Money


@transaction.atomic
def open_hold(
    *,
    order_id: UUID,
    payment_id: UUID,
    store_id: UUID,
    amount: Money,
    fee_bps: int,
    actor: Actor,
    now: datetime,
    reason: str = "payment confirmed",
    is_parked: bool = False,
) -> Hold:
    """
    Take an order's share of a payment into escrow: from the provider, or, ``is_parked``, out of what lay parked, which
    the caller posts.

    :raises HoldMoved: if the order has a hold already
    """
    gateway = Payment.objects.values_list("gateway", flat=True).get(pk=payment_id)
    currency = amount.currency
    provider, pot, merchant, _fees = ledger.accounts(
        f"provider:{gateway}:{currency}", f"escrow:{currency}", f"merchant:{store_id}:{currency}", f"fees:{currency}"
    )
    days = capabilities(gateway).hold_days
    try:
        with transaction.atomic():
            hold = Hold.objects.create(
                order_id=order_id,
                payment_id=payment_id,
                store_id=store_id,
                merchant=merchant,
                currency=currency,
                amount_minor=amount.minor,
                fee_bps=fee_bps,
                opened_at=now,
                provider_deadline=now + timedelta(days=days) if days else None,
            )
    except IntegrityError as fault:
        raise HoldMoved from fault
    if not is_parked:
        ledger.post([Entry(TransferKind.CAPTURE, hold.pk, provider, pot, amount.minor)], now=now)
    audit.record(
        actor=actor, act="hold.held", subject_type="hold", subject=str(hold.pk), reason=reason,
        facts={"amount_minor": amount.minor, "currency": currency, "fee_bps": fee_bps}, order_id=order_id,
    )  # fmt: skip
    return hold


@transaction.atomic
def release(*, order_id: UUID, actor: Actor, reason: str, now: datetime) -> Released:
    """
    Pay all that is held into the merchant's balance, less the fee.

    :raises HoldMoved: if it is frozen, released or refunded
    """
    hold = moves.find(order_id, among=(HoldStatus.HELD,))
    rest = hold.rest.minor
    net, fee = moves.settle(hold, refund_minor=0, release_minor=rest, actor=actor, reason=reason, now=now)
    return Released(net=net, fee=fee)


@transaction.atomic
def refund(*, order_id: UUID, actor: Actor, reason: str, now: datetime) -> Refund:
    """
    Send all that is held back to the buyer.

    :raises HoldMoved: if it is no longer held or frozen
    """
    hold = moves.find(order_id, among=OPEN_HOLD)
    rest = hold.rest.minor
    moves.settle(hold, refund_minor=rest, release_minor=0, actor=actor, reason=reason, now=now)
    return open_refund(hold=hold, amount_minor=rest, actor=actor, reason=reason, now=now)


@transaction.atomic
def split(*, order_id: UUID, refund_minor: int, actor: Actor, reason: str, now: datetime) -> Split:
    """
    Send a part back to the buyer and pay the rest to the merchant, exact to the minor unit.

    :raises TooMuch: if the part is negative or more than is held
    :raises HoldMoved: if the money is no longer held or frozen
    """
    hold = moves.find(order_id, among=OPEN_HOLD)
    to_merchant = hold.rest.minor - refund_minor
    net, fee = moves.settle(
        hold, refund_minor=refund_minor, release_minor=to_merchant, actor=actor, reason=reason, now=now
    )
    back: Refund | None = None
    if refund_minor:
        back = open_refund(hold=hold, amount_minor=refund_minor, actor=actor, reason=reason, now=now)
    return Split(refund=back, net=net, fee=fee)


@transaction.atomic
def freeze(*, order_id: UUID, actor: Actor, reason: str, now: datetime) -> Hold:
    """
    Stop the money where it is, for a case. Wins as long as it is held at this update, due or not.

    :raises HoldMoved: if it is not held
    """
    return _turn(order_id, HoldStatus.HELD, HoldStatus.FROZEN, actor=actor, reason=reason)


@transaction.atomic
def thaw(*, order_id: UUID, actor: Actor, reason: str, now: datetime) -> Hold:
    """
    Let frozen money be held as before.

    :raises HoldMoved: if it is not frozen
    """
    return _turn(order_id, HoldStatus.FROZEN, HoldStatus.HELD, actor=actor, reason=reason)


def note_warned(*, order_id: UUID, now: datetime) -> None:
    """Write down that the buyer has been told of the coming release; without it nothing is released by the clock."""
    Hold.objects.filter(order_id=order_id, status=HoldStatus.HELD).update(warned_at=now)


def _turn(order_id: UUID, source: str, target: str, *, actor: Actor, reason: str) -> Hold:
    hold = moves.find(order_id, among=(source,))
    if not Hold.objects.filter(pk=hold.pk, status=source).update(status=target):
        raise HoldMoved
    hold.status = target
    moves.note(hold, source=source, actor=actor, reason=reason, facts={})
    return hold
