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
from flows import settlement
from shop.models import Order
from shop.services import orders

Consequence = Callable[[Case, Order, datetime], None]


def _handler(kind: str, party: str, states: tuple[str, ...], consequence: Consequence) -> Handler:
    """A deadline handler that lets ``consequence`` follow, case by case, if the case still waits in ``states``."""

    def handle(subjects: Sequence[str], now: datetime) -> None:
        for subject in subjects:
            with transaction.atomic():
                order = orders.lock_order(Case.objects.values_list("order_id", flat=True).get(pk=UUID(subject)))
                case = cases.lock_case(UUID(subject))
                deadlines.finish(kind, subjects=[subject])
                if case.status in states:
                    cases.add_entry(case=case, party=party, act="silent", text="", facts={}, actor=SYSTEM, now=now)
                    consequence(case, order, now)

    return handle


def _claim_accepted(case: Case, order: Order, now: datetime) -> None:
    settlement.carry_out(
        case=case, order=order, remedy=case.want, amount=case.amount, actor=SYSTEM, reason="no answer", now=now
    )


def _claim_ends(case: Case, order: Order, now: datetime) -> None:
    settlement.drop(case=case, order=order, actor=SYSTEM, reason="no answer", now=now)


def _agreed_refund(case: Case, order: Order, now: datetime) -> None:
    settlement.pay_agreed(case=case, order=order, actor=SYSTEM, reason="no answer to the return", now=now)


def _whole_refund(case: Case, order: Order, now: datetime) -> None:
    case.refund_minor = order.hold.rest.minor
    settlement.pay_agreed(case=case, order=order, actor=SYSTEM, reason="not sent again", now=now)


_C = CaseStatus
answers_due = _handler("case.answer_by", Party.MERCHANT, (_C.OPEN,), _claim_accepted)
escalations_due = _handler("case.escalate_by", Party.BUYER, (_C.OFFERED, _C.REFUSED), _claim_ends)
returns_due = _handler("case.return_by", Party.BUYER, (_C.RETURN_DUE,), _claim_ends)
inspections_due = _handler("case.inspect_by", Party.MERCHANT, (_C.RETURN_SENT,), _agreed_refund)
resends_due = _handler("case.resend_by", Party.MERCHANT, (_C.RESEND_DUE,), _whole_refund)


def decisions_due(subjects: Sequence[str], now: datetime) -> None:
    """A mediator is late: seniors and both parties are told, and told again every day."""
    with transaction.atomic():
        late = list(Case.objects.filter(pk__in=subjects, status=CaseStatus.MEDIATION).values_list("pk", flat=True))
        deadlines.finish("case.decide_by", subjects=subjects)
        for pk in late:
            outbox.publish("disputes.overdue", case_id=str(pk))
            deadlines.schedule("case.decide_by", subject=pk, due_at=now + timedelta(days=1))
