"""
Holds: one order's money in escrow, from capture to release, refund or split.

Every decision is one guarded UPDATE on the hold's row: whoever comes second finds the guard shut and moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from core import audit
from core.actor import Actor
from core.errors import NotFound
from core.money import Money, share
from escrow import ledger
from escrow.errors import HoldMoved, TooMuch
from escrow.gateways import capabilities
from escrow.ledger import Entry
from escrow.models import Hold, Payment, Refund, TransferKind
from escrow.services.bulk_release import release_many
from escrow.services.refunds import open_refund
from escrow.states import HOLD, OPEN_HOLD, HoldStatus

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
    *, order_id: UUID, payment_id: UUID, store_id: UUID, amount: Money, fee_bps: int, actor: Actor, now: datetime
) -> Hold:
    """
    Take an order's share of a payment into escrow.

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
    ledger.post([Entry(TransferKind.CAPTURE, hold.pk, provider, pot, amount.minor)], now=now)
    audit.record(
        actor=actor, act="hold.held", subject_type="hold", subject=str(hold.pk), reason="payment confirmed",
        facts={"amount_minor": amount.minor, "currency": currency, "fee_bps": fee_bps}, order_id=order_id,
    )  # fmt: skip
    return hold


@transaction.atomic
def release(*, order_id: UUID, actor: Actor, reason: str, now: datetime) -> Released:
    """
    Pay all that is held into the merchant's balance, less the fee.

    :raises HoldMoved: if it is frozen, released or refunded
    """
    hold = _hold(order_id, among=(HoldStatus.HELD,))
    net, fee = _settle(hold, HoldStatus.RELEASED, refund_minor=0, actor=actor, reason=reason, now=now)
    return Released(net=net, fee=fee)


@transaction.atomic
def refund(*, order_id: UUID, actor: Actor, reason: str, now: datetime) -> Refund:
    """
    Send all that is held back to the buyer.

    :raises HoldMoved: if it is no longer held or frozen
    """
    hold = _hold(order_id, among=OPEN_HOLD)
    rest = hold.rest.minor
    _settle(hold, HoldStatus.REFUNDED, refund_minor=rest, actor=actor, reason=reason, now=now)
    return open_refund(hold=hold, amount_minor=rest, actor=actor, reason=reason, now=now)


@transaction.atomic
def split(*, order_id: UUID, refund_minor: int, actor: Actor, reason: str, now: datetime) -> Split:
    """
    Send a part back to the buyer and pay the rest to the merchant, exact to the minor unit.

    :raises TooMuch: if the part is negative or more than is held
    :raises HoldMoved: if the money is no longer held or frozen
    """
    hold = _hold(order_id, among=OPEN_HOLD)
    rest = hold.rest.minor
    if not 0 <= refund_minor <= rest:
        raise TooMuch
    target = HoldStatus.SPLIT
    if refund_minor in (0, rest):
        target = HoldStatus.REFUNDED if refund_minor else HoldStatus.RELEASED
    net, fee = _settle(hold, target, refund_minor=refund_minor, actor=actor, reason=reason, now=now)
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


def _hold(order_id: UUID, *, among: tuple[str, ...]) -> Hold:
    hold = Hold.objects.select_related("payment", "merchant").filter(order_id=order_id).first()
    if hold is None:
        raise NotFound
    if hold.status not in among:
        raise HoldMoved
    return hold


def _turn(order_id: UUID, source: str, target: str, *, actor: Actor, reason: str) -> Hold:
    hold = _hold(order_id, among=(source,))
    if not Hold.objects.filter(pk=hold.pk, status=source).update(status=target):
        raise HoldMoved
    hold.status = target
    _audit(hold, source=source, actor=actor, reason=reason, facts={})
    return hold


def _settle(
    hold: Hold, target: HoldStatus, *, refund_minor: int, actor: Actor, reason: str, now: datetime
) -> tuple[Money, Money]:
    """
    Close a hold: ``refund_minor`` leaves for the buyer, the rest for the merchant. Give net and fee of the latter.

    The UPDATE repeats in its WHERE all that was read, so nothing can have moved in between; the CHECK on the row is
    the second lock. The fee is cumulative: the fee on all that was ever released, less what was taken before.
    """
    release_minor = hold.rest.minor - refund_minor
    fee = share(hold.released_minor + release_minor, hold.fee_bps) - hold.fee_taken_minor
    net = release_minor - fee
    won = Hold.objects.filter(
        Q(amount_minor__gte=F("released_minor") + F("refunded_minor") + refund_minor + release_minor),
        pk=hold.pk,
        status=hold.status,
        released_minor=hold.released_minor,
        refunded_minor=hold.refunded_minor,
        fee_taken_minor=hold.fee_taken_minor,
    ).update(
        status=target,
        released_minor=F("released_minor") + release_minor,
        refunded_minor=F("refunded_minor") + refund_minor,
        fee_taken_minor=F("fee_taken_minor") + fee,
        closed_at=now,
    )
    if not won:
        raise HoldMoved
    source = hold.status
    hold.status, hold.closed_at = target, now
    hold.released_minor += release_minor
    hold.refunded_minor += refund_minor
    hold.fee_taken_minor += fee
    pot, fees = ledger.accounts(f"escrow:{hold.currency}", f"fees:{hold.currency}")
    legs = ((TransferKind.RELEASE_NET, hold.merchant, net), (TransferKind.RELEASE_FEE, fees, fee))
    ledger.post([Entry(kind, hold.pk, pot, to, minor) for kind, to, minor in legs if minor], now=now)
    facts = {"refund_minor": refund_minor, "net_minor": net, "fee_minor": fee}
    _audit(hold, source=source, actor=actor, reason=reason, facts=facts)
    return Money(net, hold.currency), Money(fee, hold.currency)


def _audit(hold: Hold, *, source: str, actor: Actor, reason: str, facts: dict[str, int]) -> None:
    audit.record(
        actor=actor,
        act=f"{HOLD.name}.{hold.status}",
        subject_type=HOLD.name,
        subject=str(hold.pk),
        reason=reason,
        facts={"from": source, "currency": hold.currency, **facts},
        order_id=hold.order_id,
    )
