"""Release: the buyer confirms, or his inspection time runs out after he was warned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from core import audit, deadlines, outbox
from core.actor import Actor
from core.errors import IllegalTransition, Invalid, NotFound
from core.models import AuditEntry, Deadline
from core.policies import Rules, rules_of
from escrow.models import Hold
from escrow.queries import hold_of
from escrow.services import holds
from escrow.states import HoldStatus
from flows import clocks
from flows.errors import (
    AlreadyClosed,
    CaseIsOpen,
    ExtendedBefore,
    GrantsUsedUp,
    NoClock,
    NotShippedYet,
    PastProviderDeadline,
)
from shop.models import Order
from shop.roles import Act
from shop.services import due_orders, orders, sales
from shop.services.access import require
from shop.states import OrderStatus


@dataclass(frozen=True, slots=True)
class Grants:
    """How often, and how many days in all, a store may still give a buyer more time."""

    times: int
    days: int


@transaction.atomic
def confirm_receipt(*, order_id: UUID, actor: Actor, now: datetime) -> Order:
    """
    Complete an order because the buyer has it, and pay the merchant.

    :raises NotFound: if the actor is not the buyer
    :raises NotShippedYet: before the merchant has shipped
    :raises CaseIsOpen: while an after-sale case is open
    :raises AlreadyClosed: if the money has already moved
    """
    order = orders.lock_order(order_id)
    if order.buyer_id != actor.user_id:
        raise NotFound
    if not order.is_open:
        raise AlreadyClosed
    if order.in_case:
        raise CaseIsOpen
    if order.status not in (OrderStatus.SHIPPED, OrderStatus.DELIVERED):
        raise NotShippedYet
    orders.move(order, OrderStatus.COMPLETED, actor=actor, reason="received", closed_at=now)
    released = holds.release(order_id=order_id, actor=actor, reason="received", now=now)
    clocks.clear(order_id)
    if not order.is_trial:
        sales.note_sold([order_id])
    outbox.publish(
        "escrow.released",
        order_id=str(order_id),
        net_minor=released.net.minor,
        fee_minor=released.fee.minor,
        by="buyer",
    )
    return order


@transaction.atomic
def extend_inspection(*, order_id: UUID, actor: Actor, now: datetime) -> datetime:
    """
    Give the buyer more time to look, once; give the new end.

    :raises NoClock: if no inspection time is running
    :raises ExtendedBefore: the second time
    """
    order = orders.lock_order(order_id)
    if order.buyer_id != actor.user_id:
        raise NotFound
    if order.extended:
        raise ExtendedBefore
    rules = rules_of(order.policy_id)
    end = _lengthen(order, by=rules.hours("extension_hours"))
    orders.note_extended(order)
    _record(order, actor=actor, act="order.extended", hours=rules.extension_hours)
    return end


@transaction.atomic
def grant_time(*, order_id: UUID, store_id: UUID, days: int, actor: Actor, now: datetime) -> datetime:
    """
    Let the merchant give the buyer more days to look; give the new end.

    :raises Invalid: for a number of days the policy does not know
    :raises NoClock: if no inspection time is running
    :raises GrantsUsedUp: if the order has had all the time a store may give
    :raises PastProviderDeadline: if the provider would not hold the money that long
    """
    order = orders.lock_order(order_id)
    if order.store_id != store_id:
        raise NotFound
    require(order.store, Act.GRANT, actor=actor)
    rules = rules_of(order.policy_id)
    if days not in rules.grant_days:
        raise Invalid
    left = grants_left(order_id=order_id, rules=rules)
    if left.times < 1 or days > left.days:
        raise GrantsUsedUp
    end = _lengthen(order, by=timedelta(days=days))
    _record(order, actor=actor, act="order.granted", hours=days * 24)
    outbox.publish("order.time_granted", order_id=str(order_id), days=days)
    return end


def grants_left(*, order_id: UUID, rules: Rules) -> Grants:
    """How much more time the store may still give for an order."""
    facts = AuditEntry.objects.filter(order_id=order_id, act="order.granted").values_list("facts", flat=True)
    given = [fact["hours"] // 24 for fact in facts]
    return Grants(times=max(0, rules.grants_most - len(given)), days=max(0, rules.grant_days_most - sum(given)))


def _lengthen(order: Order, *, by: timedelta) -> datetime:
    if not order.is_open or order.in_case or not deadlines.extend("escrow.release", subject=order.pk, by=by):
        raise NoClock
    end = Deadline.objects.get(kind="escrow.release", subject=str(order.pk), done_at__isnull=True).due_at
    hold = hold_of(order.pk)
    if hold is not None and hold.provider_deadline is not None and end > hold.provider_deadline:
        raise PastProviderDeadline
    clocks.start_inspection(order.pk, rules=rules_of(order.policy_id), due_at=end)
    return end


def _record(order: Order, *, actor: Actor, act: str, hours: int) -> None:
    audit.record(
        actor=actor, act=act, subject_type="order", subject=str(order.pk), order_id=order.pk, facts={"hours": hours}
    )


def warn(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: announce releases that are near. The warning counts only once it has been delivered."""
    with transaction.atomic():
        payloads = [{"order_id": name.partition(":")[0], "hours": int(name.partition(":")[2])} for name in subjects]
        outbox.publish_many("escrow.release_soon", payloads)
        deadlines.finish("escrow.warn", subjects=subjects)


@transaction.atomic
def warned(*, order_id: UUID, now: datetime) -> None:
    """A warning has reached the buyer: from here the release may come, but not before its notice has passed."""
    order = orders.lock_order(order_id)
    holds.note_warned(order_id=order_id, now=now)
    soonest = now + timedelta(hours=rules_of(order.policy_id).min_notice_hours)
    rows = Deadline.objects.filter(kind="escrow.release", subject=str(order_id), done_at__isnull=True)
    rows.filter(due_at__lt=soonest, paused_at__isnull=True).update(due_at=soonest, lease_until=None)


def release_due(subjects: Sequence[str], now: datetime) -> None:
    """
    Deadline handler: release what is due, set-wise.

    What has not been warned of is warned now and comes back later: an outage may delay a release, never skip its
    warning.
    """
    with transaction.atomic():
        states = due_orders.lock_states(subjects)
        rules = {policy_id: rules_of(policy_id) for policy_id in {row.policy_id for row in states}}
        told_before = {pk: now - timedelta(hours=rule.min_notice_hours) for pk, rule in rules.items()}
        ripe = {
            row.id: told_before[row.policy_id]
            for row in states
            if row.status == OrderStatus.DELIVERED and not row.in_case
        }
        trials = {row.id for row in states if row.is_trial}
        done = holds.release_many(
            order_ids=ripe,
            now=now,
            warned_before=ripe,
            then=lambda released: _complete(released, trials=trials, rules=rules.values(), now=now),
        )
        _put_off([row for row in states if row.id not in done], now=now)


def _complete(order_ids: Sequence[str], *, trials: Collection[str], rules: Iterable[Rules], now: datetime) -> None:
    """The deals of released holds are over. A delivered order has no clocks but those of its inspection time."""
    if not order_ids:
        return
    completed = due_orders.complete(order_ids, reason="inspection time over", now=now)
    if len(completed) != len(order_ids):
        raise IllegalTransition
    deadlines.end("escrow.release", subjects=order_ids, suffixes=clocks.inspection_suffixes(rules))
    sales.note_sold([name for name in order_ids if name not in trials])
    outbox.publish_many("escrow.released", [{"order_id": name, "by": "clock"} for name in order_ids])


def _put_off(rows: Sequence[due_orders.OrderState], *, now: datetime) -> None:
    """Due but not released: warn again, wait with the case or the bank, or close the clock of a deal that is over."""
    if not rows:
        return
    frozen = set(
        Hold.objects.filter(order_id__in=[row.id for row in rows], status=HoldStatus.FROZEN)
        .values_list("order_id", flat=True)
    )  # fmt: skip
    for row in rows:
        pk = UUID(row.id)
        if row.in_case or pk in frozen:
            clocks.pause(pk, reason="case" if row.in_case else "chargeback")
        elif row.status == OrderStatus.DELIVERED:
            hours = rules_of(row.policy_id).min_notice_hours
            deadlines.schedule("escrow.release", subject=pk, due_at=now + timedelta(hours=hours))
            outbox.publish("escrow.release_soon", order_id=str(pk), hours=hours)
        else:
            deadlines.cancel("escrow.release", subject=pk)
