"""Silence in a case: each clock has a known consequence (D11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from core import deadlines, outbox
from core.actor import SYSTEM
from core.deadlines import Handler
from disputes.models import Case
from disputes.services import cases
from disputes.states import CaseStatus, Party
from flows import returns, settlement
from shop.models import Order
from shop.services import orders

Consequence = Callable[[Case, Order, datetime], None]


def _handler(kind: str, states: tuple[str, ...], consequence: Consequence) -> Handler:
    """A deadline handler that lets ``consequence`` follow, case by case, if the case still waits in ``states``."""

    def handle(subjects: Sequence[str], now: datetime) -> None:
        for subject in subjects:
            with transaction.atomic():
                order = orders.lock_order(Case.objects.values_list("order_id", flat=True).get(pk=UUID(subject)))
                case = cases.lock_case(UUID(subject))
                deadlines.finish(kind, subjects=[subject])
                if case.status in states:
                    consequence(case, order, now)

    return handle


def _silent(case: Case, party: str, *, now: datetime) -> None:
    cases.add_entry(case=case, party=party, act="silent", text="", facts={}, actor=SYSTEM, now=now)


def _claim_accepted(case: Case, order: Order, now: datetime) -> None:
    _silent(case, Party.MERCHANT, now=now)
    settlement.carry_out(
        case=case, order=order, remedy=case.want, amount=case.amount, actor=SYSTEM, reason="no answer", now=now
    )


def _claim_ends(case: Case, order: Order, now: datetime) -> None:
    _silent(case, Party.BUYER, now=now)
    settlement.drop(case=case, order=order, actor=SYSTEM, reason="no answer", now=now)


def _return_unanswered(case: Case, order: Order, now: datetime) -> None:
    """Who has the goods and says nothing agrees; goods that have not come are nobody's silence."""
    parcel = returns.parcel_of(case)
    if parcel is None or returns.has_arrived(parcel) or returns.is_by_hand(parcel):
        _silent(case, Party.MERCHANT, now=now)
        settlement.pay_agreed(case=case, order=order, actor=SYSTEM, reason="no answer to the return", now=now)
        return
    facts = {"number": parcel.number}
    cases.add_entry(case=case, party=Party.CARRIER, act="not_arrived", text="", facts=facts, actor=SYSTEM, now=now)
    settlement.hand_over(case=case, order=order, actor=SYSTEM, reason="the return did not arrive", now=now)
    outbox.publish("disputes.not_arrived", case_id=str(case.pk))


def _whole_refund(case: Case, order: Order, now: datetime) -> None:
    _silent(case, Party.MERCHANT, now=now)
    case.refund_minor = order.hold.rest.minor
    settlement.pay_agreed(case=case, order=order, actor=SYSTEM, reason="not sent again", now=now)


_C = CaseStatus
answers_due = _handler("case.answer_by", (_C.OPEN,), _claim_accepted)
escalations_due = _handler("case.escalate_by", (_C.OFFERED, _C.REFUSED), _claim_ends)
returns_due = _handler("case.return_by", (_C.RETURN_DUE,), _claim_ends)
inspections_due = _handler("case.inspect_by", (_C.RETURN_SENT,), _return_unanswered)
resends_due = _handler("case.resend_by", (_C.RESEND_DUE,), _whole_refund)


def decisions_due(subjects: Sequence[str], now: datetime) -> None:
    """A mediator is late: seniors and both parties are told, and told again every day."""
    with transaction.atomic():
        late = list(Case.objects.filter(pk__in=subjects, status=CaseStatus.MEDIATION).values_list("pk", flat=True))
        deadlines.finish("case.decide_by", subjects=subjects)
        for pk in late:
            outbox.publish("disputes.overdue", case_id=str(pk))
            deadlines.schedule("case.decide_by", subject=pk, due_at=now + timedelta(days=1))
