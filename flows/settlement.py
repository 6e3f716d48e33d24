"""How a case ends: what was agreed, left unanswered or ruled is carried out on the hold."""

from __future__ import annotations

from datetime import datetime, timedelta

from core import deadlines, outbox
from core.actor import Actor
from core.money import Money
from core.policies import rules_of
from disputes.models import Case
from disputes.services import cases
from disputes.states import CaseStatus, Remedy
from escrow.services import holds
from flows import clocks, fulfilment, goods
from logistics.models import Shipment
from shop.models import Order
from shop.services import coupons, orders
from shop.states import OrderStatus


def carry_out(
    *, case: Case, order: Order, remedy: str, amount: Money, actor: Actor, reason: str, now: datetime
) -> None:
    """Do what both have agreed to: money now, or goods first."""
    rules = rules_of(order.policy_id)
    deadlines.cancel_all(subjects=[case.pk])
    if remedy in (Remedy.REFUND, Remedy.PARTIAL):
        case.refund_minor = amount.minor
        pay_agreed(case=case, order=order, actor=actor, reason=reason, now=now)
    elif remedy == Remedy.RETURN:
        cases.move(case, CaseStatus.RETURN_DUE, actor=actor, reason=reason, refund_minor=amount.minor)
        deadlines.schedule("case.return_by", subject=case.pk, due_at=now + rules.hours("return_by_hours"))
        outbox.publish("disputes.return_due", case_id=str(case.pk))
    else:
        cases.move(case, CaseStatus.RESEND_DUE, actor=actor, reason=reason)
        deadlines.schedule("case.resend_by", subject=case.pk, due_at=now + rules.ship_by)
        outbox.publish("disputes.resend_due", case_id=str(case.pk))


def pay_agreed(*, case: Case, order: Order, actor: Actor, reason: str, now: datetime) -> None:
    """Split the hold as agreed in ``case.refund_minor`` and close the case."""
    refund_minor = case.refund_minor or 0
    cases.move(case, CaseStatus.AGREED, actor=actor, reason=reason, closed_at=now, refund_minor=refund_minor)
    split(order=order, refund_minor=refund_minor, actor=actor, reason=f"case {case.number}", now=now)
    end(case=case, order=order)
    outbox.publish("disputes.agreed", case_id=str(case.pk))


def split(*, order: Order, refund_minor: int, actor: Actor, reason: str, now: datetime) -> None:
    """
    Refund a part of what is held and release the rest; the order ends.

    A coupon took its part off the price once and for all, so no refund is above what was paid. Its use comes back with
    the whole, not with a part.
    """
    done = holds.split(order_id=order.pk, refund_minor=refund_minor, actor=actor, reason=reason, now=now)
    all_back = done.net.minor + done.fee.minor == 0
    never_left = order.shipped_at is None
    orders.move(
        order, OrderStatus.REFUNDED if all_back else OrderStatus.COMPLETED, actor=actor, reason=reason, closed_at=now
    )
    if all_back and never_left:
        goods.take_back(order, actor=actor, reason=reason, now=now)
    if all_back:
        coupons.give_back(orders=[order], actor=actor, reason=reason, now=now)
    clocks.clear(order.pk)
    if not all_back:
        outbox.publish("escrow.released", order_id=str(order.pk), by="case")


def hand_over(*, case: Case, order: Order, actor: Actor, reason: str, now: datetime) -> None:
    """The platform decides from here; its own clock is the only one that runs."""
    cases.move(case, CaseStatus.MEDIATION, actor=actor, reason=reason, escalated_at=now)
    rules = rules_of(order.policy_id)
    deadlines.cancel_all(subjects=[case.pk])
    due_at = now + timedelta(hours=rules.evidence_hours + rules.decide_hours)
    deadlines.schedule("case.decide_by", subject=case.pk, due_at=due_at)


def end(*, case: Case, order: Order) -> None:
    """The case no longer stands in anything's way."""
    orders.set_in_case(order, value=False)
    deadlines.cancel_all(subjects=[case.pk])


def drop(*, case: Case, order: Order, actor: Actor, reason: str, now: datetime) -> None:
    """The claim is gone: thaw the hold, let the order's clocks run on."""
    cases.move(case, CaseStatus.WITHDRAWN, actor=actor, reason=reason, closed_at=now)
    holds.thaw(order_id=order.pk, actor=actor, reason=f"case {case.number} {reason}", now=now)
    end(case=case, order=order)
    if not fulfilment.is_going_back(order.pk):
        clocks.resume(order.pk, rules=rules_of(order.policy_id))
    outbox.publish("disputes.withdrawn", case_id=str(case.pk), why=reason)


def start_anew(*, case: Case, order: Order, shipment: Shipment, actor: Actor, now: datetime) -> None:
    """A replacement is booked: the money is held as before, and all clocks of shipping start anew with this parcel."""
    cases.move(case, CaseStatus.AGREED, actor=actor, reason="sent again", closed_at=now, refund_minor=0)
    holds.thaw(order_id=order.pk, actor=actor, reason=f"case {case.number} agreed", now=now)
    end(case=case, order=order)
    clocks.clear(order.pk)
    if order.status == OrderStatus.DELIVERED:
        orders.move(order, OrderStatus.SHIPPED, actor=actor, reason="sent again", delivered_at=None)
    orders.note_resent(order)
    clocks.start_shipping(order, now=now)
    fulfilment.begin_watch(order, shipment, now=now)
    outbox.publish("disputes.agreed", case_id=str(case.pk))
