"""At the table of a case: who may sit down, under lock; what is at stake; whose turn it is, and by when."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from core import deadlines
from core.actor import Actor
from core.errors import NotFound
from core.money import Money
from core.policies import Rules, rules_of
from disputes.errors import AmountTooHigh, CannotWant
from disputes.models import Case
from disputes.services import cases
from disputes.states import MONEY_REMEDIES, CaseStatus, Party, Remedy
from escrow.queries import hold_of
from flows.errors import AlreadyClosed
from shop.models import Order
from shop.roles import Act
from shop.services import orders
from shop.services.access import require

CASE_CLOCKS = (
    "case.answer_by",
    "case.escalate_by",
    "case.return_by",
    "case.inspect_by",
    "case.resend_by",
    "case.decide_by",
)


def locked(case_id: UUID) -> tuple[Case, Order]:
    """Lock order first, then case: the order is the mutex of its deal."""
    order_id = Case.objects.filter(pk=case_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound
    order = orders.lock_order(order_id)
    return cases.lock_case(case_id), order


def enter(case_id: UUID, actor: Actor) -> tuple[Case, Order, str]:
    """
    Lock the case for one of its parties.

    :raises NotFound: for anybody else
    :raises AlreadyClosed: if it has ended
    """
    case, order = locked(case_id)
    if actor.user_id == order.buyer_id:
        party = Party.BUYER
    elif order.store.role_of(actor.user_id):
        require(order.store, Act.ANSWER, actor=actor)
        party = Party.MERCHANT
    elif actor.is_mediator:
        party = Party.PLATFORM
    else:
        raise NotFound
    if not case.is_open:
        raise AlreadyClosed
    return case, order, party


def rest(order: Order) -> Money:
    hold = hold_of(order.pk)
    return hold.rest if hold is not None else Money(0, order.currency)


def check_terms(remedy: str, amount: Money, *, held: Money, shipped: bool) -> None:
    if remedy in MONEY_REMEDIES and not 0 < amount.minor <= held.minor:
        raise AmountTooHigh
    if not shipped and remedy in (Remedy.RETURN, Remedy.EXCHANGE, Remedy.RESEND):
        raise CannotWant


def pass_turn(case: Case, order: Order, *, to: str, actor: Actor, now: datetime) -> None:
    """Pass the turn: the other side's clock starts, ours ends."""
    rules: Rules = rules_of(order.policy_id)
    if case.status != to:
        cases.move(case, to, actor=actor, reason="answered", answered_at=case.answered_at or now)
    if to == CaseStatus.OPEN:
        hours = rules.answer_shipped_hours if order.shipped_at else rules.answer_unshipped_hours
        start_clock(case, "case.answer_by", now + timedelta(hours=hours))
    else:
        start_clock(case, "case.escalate_by", now + rules.hours("escalate_hours"))


def start_clock(case: Case, kind: str, due_at: datetime) -> None:
    """One clock at a time: whose turn it is."""
    deadlines.cancel_all(subjects=[case.pk], kinds=CASE_CLOCKS)
    deadlines.schedule(kind, subject=case.pk, due_at=due_at)
