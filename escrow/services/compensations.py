"""
Making good out of the platform's own pocket what happened to an account (A12).

Each amount is a row with a number in its incident, and one transfer: to a store's balance, or to the way back of a
payment, from where it goes like every refund. The caller holds the locks: the incident's row, and for a payment its
orders' and its own, so that nothing goes back by it meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from core import audit, deadlines, outbox
from core.actor import Actor
from core.errors import Forbidden, IllegalTransition, NotFound
from core.money import Money
from core.transitions import advance
from escrow import ledger
from escrow.errors import ChargebackOpen, DecidedMeanwhile, FourEyes, MoreThanRefundable, NeedsReason, TooMuchInOne
from escrow.ledger import Entry
from escrow.models import Compensation, Payment, TransferKind
from escrow.queries.compensations import refundable, sum_in
from escrow.services.moves import is_disputed
from escrow.services.refunds import open_refund
from escrow.states import COMPENSATION, CompensationStatus

REMIND_EVERY = timedelta(hours=6)
MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class Target:
    """Where an amount goes: the balance of a store, or back by a payment."""

    store_id: UUID | None = None
    payment: Payment | None = None


@transaction.atomic
def decide(
    *, incident_id: UUID, number: int, target: Target, amount: Money, reason: str, actor: Actor, now: datetime
) -> Compensation:
    """
    Make an amount good, or, from the platform's limit on, ask a second person to.

    ``number``: which of the incident's it is, as whoever decides has seen. The limit is asked of the incident's sum, so
    that many small amounts are no way around it.

    :raises DecidedMeanwhile: if there is one of that number
    :raises MoreThanRefundable: if the payment cannot give that much back
    :raises TooMuchInOne: if it were more than may be made good in one incident
    :raises ChargebackOpen: while the payer's bank has taken the payment back
    """
    if actor.user_id is None or not actor.is_mediator:
        raise Forbidden
    if amount.minor < 1:
        raise MoreThanRefundable
    _refuse_too_much(target, amount)
    whole = sum_in(incident_id, amount.currency) + amount.minor
    if whole > settings.COMPENSATION_MOST_MINOR:
        raise TooMuchInOne
    needs_two = whole >= settings.COMPENSATION_APPROVAL_MINOR
    try:
        with transaction.atomic():
            row = Compensation.objects.create(
                incident_id=incident_id, number=number, store_id=target.store_id, payment=target.payment,
                status=CompensationStatus.APPROVAL if needs_two else CompensationStatus.PAID,
                amount_minor=amount.minor, currency=amount.currency, reason=_reason(reason), needs_two=needs_two,
                proposed_by=actor.user_id, proposed_at=now,
            )  # fmt: skip
    except IntegrityError as fault:
        raise DecidedMeanwhile from fault
    _record(row, actor=actor)
    if needs_two:
        deadlines.schedule("compensation.approve_by", subject=row.pk, due_at=now + REMIND_EVERY)
        outbox.publish("escrow.compensation_waits", compensation_id=row.pk, time=0)
    else:
        _pay(row, actor=actor, now=now)
    return row


@transaction.atomic
def approve(*, compensation_id: int, actor: Actor, now: datetime) -> Compensation:
    """
    Be the second pair of eyes, and make it good.

    :raises FourEyes: if it is whoever proposed it
    :raises IllegalTransition: if it does not wait any more
    :raises MoreThanRefundable: if the payment cannot give that much back any more
    """
    row = _waiting(compensation_id, actor)
    if row.proposed_by == actor.user_id:
        raise FourEyes
    _refuse_too_much(Target(row.store_id, row.payment), row.amount)
    advance(
        row, CompensationStatus.PAID, machine=COMPENSATION, actor=actor, reason="approved by a second person",
        facts={"amount_minor": row.amount_minor}, decided_by=actor.user_id, decided_at=now,
    )  # fmt: skip
    deadlines.finish("compensation.approve_by", subjects=[row.pk])
    _pay(row, actor=actor, now=now)
    return row


@transaction.atomic
def refuse(*, compensation_id: int, reason: str, actor: Actor, now: datetime) -> Compensation:
    """
    Do not make it good; its author may take it back so.

    :raises NeedsReason: if no reason is given
    :raises IllegalTransition: if it does not wait any more
    """
    why = _reason(reason)
    row = _waiting(compensation_id, actor)
    advance(
        row, CompensationStatus.REFUSED, machine=COMPENSATION, actor=actor, reason=why, decided_by=actor.user_id,
        decided_at=now, refusal=why,
    )  # fmt: skip
    deadlines.finish("compensation.approve_by", subjects=[row.pk])
    return row


@transaction.atomic
def remind(*, compensation_id: int, now: datetime) -> None:
    """Tell staff again that an amount waits for them, and plan the next reminder."""
    row = Compensation.objects.get(pk=compensation_id)
    if row.status != CompensationStatus.APPROVAL:
        deadlines.finish("compensation.approve_by", subjects=[compensation_id])
        return
    outbox.publish(
        "escrow.compensation_waits", compensation_id=row.pk, time=(now - row.proposed_at) // REMIND_EVERY
    )  # fmt: skip
    deadlines.schedule("compensation.approve_by", subject=row.pk, due_at=now + REMIND_EVERY)


def _pay(row: Compensation, *, actor: Actor, now: datetime) -> None:
    """One transfer, its key the row: whatever is tried again finds it posted."""
    if row.store_id is not None:
        pocket, balance = ledger.accounts(
            f"compensations:{row.currency}", f"merchant:{row.store_id}:{row.currency}"
        )  # fmt: skip
        ledger.post([Entry(TransferKind.COMPENSATION, row.pk, pocket, balance, row.amount_minor)], now=now)
    else:
        open_refund(compensation=row, amount_minor=row.amount_minor, actor=actor, reason="made good", now=now)
    outbox.publish("escrow.compensated", compensation_id=row.pk)


def _refuse_too_much(target: Target, amount: Money) -> None:
    payment = target.payment
    if payment is None:
        return
    if is_disputed(payment.pk):
        raise ChargebackOpen
    most = refundable([payment]).get(payment.pk)
    if most is None or most.currency != amount.currency or amount.minor > most.minor:
        raise MoreThanRefundable


def _waiting(compensation_id: int, actor: Actor) -> Compensation:
    if actor.user_id is None or not actor.is_mediator:
        raise Forbidden
    row = Compensation.objects.select_related("payment").filter(pk=compensation_id).first()
    if row is None:
        raise NotFound
    if row.status != CompensationStatus.APPROVAL:
        raise IllegalTransition
    return row


def _reason(text: str) -> str:
    words = text.replace("\x00", "").strip()[:MAX_REASON]
    if not words:
        raise NeedsReason
    return words


def _record(row: Compensation, *, actor: Actor) -> None:
    kind, where = row.target
    audit.record(
        actor=actor, act=f"compensation.{row.status}", subject_type="compensation", subject=str(row.pk),
        reason=row.reason,
        facts={
            "amount_minor": row.amount_minor, "currency": row.currency, kind: str(where),
            "incident": str(row.incident_id), "number": row.number,
        },
    )  # fmt: skip
