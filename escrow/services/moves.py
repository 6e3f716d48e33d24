"""
The one guarded move of a hold, whole or in steps: who comes second finds the guard shut and moves nothing.

The UPDATE repeats in its WHERE all that was read, so nothing can have moved in between; the CHECK on the row is the
second lock.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import F, Max, Q

from core import audit
from core.actor import Actor
from core.errors import NotFound
from core.money import Money, share
from escrow import ledger
from escrow.errors import ChargebackOpen, HoldMoved, TooMuch
from escrow.ledger import Entry
from escrow.models import Account, Chargeback, Hold, Transfer, TransferKind
from escrow.states import HOLD, ChargebackStatus, HoldStatus

RELEASES = (TransferKind.RELEASE_NET, TransferKind.RELEASE_FEE)


def find(order_id: UUID, *, among: tuple[str, ...]) -> Hold:
    """
    An order's hold, if it is in one of these states.

    :raises NotFound: if the order has none
    :raises HoldMoved: if it is in another state
    :raises ChargebackOpen: if it is frozen because the payer's bank has taken the money
    """
    hold = Hold.objects.select_related("payment", "merchant").filter(order_id=order_id).first()
    if hold is None:
        raise NotFound
    if hold.status == HoldStatus.FROZEN and is_disputed(hold.payment_id):
        raise ChargebackOpen
    if hold.status not in among:
        raise HoldMoved
    return hold


def is_disputed(payment_id: UUID) -> bool:
    """Whether the payer's bank has an open dispute about a payment."""
    return Chargeback.objects.filter(payment_id=payment_id, status=ChargebackStatus.OPEN).exists()


def settle(
    hold: Hold, *, refund_minor: int, release_minor: int, actor: Actor, reason: str, now: datetime
) -> tuple[Money, Money]:
    """
    Let ``refund_minor`` leave for the buyer and ``release_minor`` for the merchant; give net and fee of the latter.

    What is left stays as it is; when nothing is, the hold closes. The fee is cumulative: the fee on all that was ever
    released, less what was taken before. The caller opens the refund.

    :raises TooMuch: if a part is negative or both are more than is left
    :raises HoldMoved: if something has moved meanwhile
    """
    left = hold.rest.minor - refund_minor - release_minor
    if refund_minor < 0 or release_minor < 0 or left < 0:
        raise TooMuch
    fee = share(hold.released_minor + release_minor, hold.fee_bps) - hold.fee_taken_minor
    net = release_minor - fee
    source, released_before = hold.status, hold.released_minor
    target = hold.status if left else closed_as(hold.released_minor + release_minor, hold.refunded_minor + refund_minor)
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
        closed_at=None if left else now,
    )
    if not won:
        raise HoldMoved
    hold.status, hold.closed_at = target, None if left else now
    hold.released_minor += release_minor
    hold.refunded_minor += refund_minor
    hold.fee_taken_minor += fee
    _post(hold, net, fee, leg=next_leg(hold.pk) if released_before else 0, now=now)
    facts = {"refund_minor": refund_minor, "net_minor": net, "fee_minor": fee, **({"left_minor": left} if left else {})}
    note(hold, source=source, act="part" if left else "", actor=actor, reason=reason, facts=facts)
    return Money(net, hold.currency), Money(fee, hold.currency)


def closed_as(released_minor: int, refunded_minor: int) -> HoldStatus:
    """What a hold is called once nothing is left in it."""
    if released_minor and refunded_minor:
        return HoldStatus.SPLIT
    return HoldStatus.REFUNDED if refunded_minor else HoldStatus.RELEASED


def next_leg(hold_id: int) -> int:
    """
    The number of a hold's next release. Asked while the guarded UPDATE holds the row, by a statement of its own: it
    sees every earlier step, and no later one can be under way.
    """
    last: int | None = Transfer.objects.filter(kind__in=RELEASES, ref=hold_id).aggregate(last=Max("leg"))["last"]
    return 0 if last is None else last + 1


def _post(hold: Hold, net: int, fee: int, *, leg: int, now: datetime) -> None:
    pot, fees = ledger.accounts(f"escrow:{hold.currency}", f"fees:{hold.currency}")
    legs = ((TransferKind.RELEASE_NET, hold.merchant, net), (TransferKind.RELEASE_FEE, fees, fee))
    ledger.post([Entry(kind, hold.pk, pot, to, minor, leg) for kind, to, minor in legs if minor], now=now)


def lock_merchants(pks: set[int]) -> dict[int, Account]:
    """The merchants' accounts, locked in the order of their ids until the transaction ends."""
    rows = Account.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    return {row.pk: row for row in rows}


def shortfall(merchant: Account, minor: int) -> int:
    """
    What a locked account lacks to pay ``minor`` without falling below its floor, which is his credit line. The account
    in hand is debited, so that the next of the same call counts on.
    """
    short = max(0, minor - (merchant.balance - (merchant.floor or 0)))
    merchant.balance -= minor - short
    return short


def fee_back(hold: Hold, *, returned_minor: int) -> int:
    """The fee to be given back for ``returned_minor`` more of what was released: recomputed on what stays with him."""
    stays = hold.released_minor - hold.returned_minor - returned_minor
    owed = hold.fee_taken_minor - share(stays, hold.fee_bps) - hold.fee_back_minor
    return min(max(0, owed), hold.fee_taken_minor - hold.fee_back_minor)


def note(hold: Hold, *, source: str, actor: Actor, reason: str, facts: dict[str, int], act: str = "") -> None:
    """Write a hold's move to the audit trail: by its new state, or by ``act`` where that stays."""
    audit.record(
        actor=actor,
        act=f"{HOLD.name}.{act or hold.status}",
        subject_type=HOLD.name,
        subject=str(hold.pk),
        reason=reason,
        facts={"from": source, "currency": hold.currency, **facts},
        order_id=hold.order_id,
    )
