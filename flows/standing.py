"""
Suspending a store and ending a cooperation: buyers stay protected, the store's money waits, nothing is taken.

Open orders go on in both cases: paid goods arrive or are refunded by the same clocks as ever, because no clock asks
how its store stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Sum

from core import audit, deadlines, outbox
from core.actor import SYSTEM, Actor
from core.errors import IllegalTransition
from core.money import Money
from disputes.models import Case
from disputes.states import OPEN_CASE
from escrow.models import Hold, Payout
from escrow.queries import merchant_money, outlook
from escrow.services.store_holds import hold_payouts, lift_hold
from escrow.states import OPEN_HOLD, HoldCause, PayoutStatus
from flows.cancellation import refund_unshipped
from shop.errors import ReasonMissing, SecondPerson
from shop.models import Order, Store, StoreCheck, StoreEnding
from shop.services import checks, orders, standing
from shop.services.reviews import may_judge
from shop.states import OPEN_ORDER, OrderStatus, StoreStatus

LOOK_EVERY = timedelta(days=1)
REMIND_EVERY = timedelta(days=1)
ON_THE_WAY = (PayoutStatus.APPROVAL, PayoutStatus.PREPARED, PayoutStatus.SENT)


@dataclass(frozen=True, slots=True)
class Stake:
    """What hangs on a store: open orders by state, how much of buyers' money is held, its balance and debts."""

    unpaid: int
    unshipped: int
    under_way: int
    delivered: int
    in_case: int
    held: Money
    balance: Money
    debt: Money
    leaving: int

    @property
    def orders(self) -> int:
        return self.unpaid + self.unshipped + self.under_way + self.delivered

    @property
    def is_any(self) -> bool:
        """Whether money is at stake, so that a second person has to sign."""
        return bool(self.held or self.balance.minor or self.debt or self.leaving)

    @property
    def is_over(self) -> bool:
        """Whether no order and no case is open any more."""
        return not (self.orders or self.in_case)


def stake_of(store: Store, *, now: datetime) -> Stake:
    """Count what hangs on a store."""
    open_orders = Order.objects.filter(store=store, status__in=OPEN_ORDER)
    counts = dict(open_orders.order_by().values_list("status").annotate(n=Count("pk")))
    held = Hold.objects.filter(order__store=store, status__in=OPEN_HOLD).aggregate(
        sum=Sum("amount_minor"), out=Sum("released_minor"), back=Sum("refunded_minor")
    )
    next_one = outlook(store.pk, now, currency=store.currency)
    return Stake(
        unpaid=counts.get(OrderStatus.PENDING, 0),
        unshipped=counts.get(OrderStatus.PAID, 0),
        under_way=counts.get(OrderStatus.SHIPPED, 0),
        delivered=counts.get(OrderStatus.DELIVERED, 0),
        in_case=Case.objects.filter(store_id=store.pk, status__in=OPEN_CASE).count(),
        held=Money((held["sum"] or 0) - (held["out"] or 0) - (held["back"] or 0), store.currency),
        balance=merchant_money(store.pk, now, currency=store.currency).available,
        debt=next_one.debt,
        leaving=Payout.objects.filter(store_id=store.pk, status__in=ON_THE_WAY).count(),
    )


@transaction.atomic
def suspend(*, store_id: UUID, reason: str, actor: Actor, now: datetime) -> Store:
    """
    Stop a store from selling, for now. Its open orders go on; its payouts wait.

    :raises ReasonMissing: if none is given
    :raises OwnStore: if the actor is of the store
    :raises IllegalTransition: if it is not approved
    """
    store = standing.lock_store(store_id)
    may_judge(store, actor)
    if not reason.strip():
        raise ReasonMissing
    _suspend(store, reason=reason.strip(), actor=actor, now=now)
    return store


def _suspend(store: Store, *, reason: str, actor: Actor, now: datetime) -> None:
    standing.move(store, StoreStatus.SUSPENDED, actor=actor, reason=reason, now=now)
    hold_payouts(store_id=store.pk, cause=HoldCause.SUSPENDED, actor=actor, now=now)
    outbox.publish("vetting.suspended", store_id=str(store.pk), reason=reason[:300], time=now.isoformat())


@transaction.atomic
def reinstate(*, store_id: UUID, reason: str, actor: Actor, now: datetime) -> Store:
    """
    Let a suspended store sell and be paid again.

    :raises IllegalTransition: if it is not suspended
    """
    store = standing.lock_store(store_id)
    may_judge(store, actor)
    if not reason.strip():
        raise ReasonMissing
    if store.status != StoreStatus.SUSPENDED:
        raise IllegalTransition
    standing.move(store, StoreStatus.APPROVED, actor=actor, reason=reason.strip(), now=now)
    lift_hold(store_id=store.pk, actor=actor, now=now)
    outbox.publish("vetting.reinstated", store_id=str(store.pk), time=now.isoformat())
    return store


@transaction.atomic
def close_check(*, check_id: UUID, passed: bool, finding: str, actor: Actor, now: datetime) -> StoreCheck:
    """End a check; a store that is not in order is suspended by it."""
    row = checks.close(check_id=check_id, passed=passed, finding=finding, actor=actor, now=now)
    store = standing.lock_store(row.store_id)
    if not passed and store.status == StoreStatus.APPROVED:
        _suspend(store, reason=row.finding, actor=actor, now=now)
    return row


@transaction.atomic
def propose_end(*, store_id: UUID, reason: str, refund: bool, actor: Actor, now: datetime) -> StoreEnding:
    """
    End a cooperation. Where money is at stake it only begins when another person has signed.

    ``refund``: orders that are paid and not shipped go back to their buyers; else the store ships them.

    :raises ReasonMissing: if none is given
    :raises IllegalTransition: if it is neither approved nor suspended, or was proposed already
    """
    store = standing.lock_store(store_id)
    may_judge(store, actor)
    if not reason.strip():
        raise ReasonMissing
    if store.status not in (StoreStatus.APPROVED, StoreStatus.SUSPENDED) or StoreEnding.objects.filter(store=store):
        raise IllegalTransition
    assert actor.user_id is not None
    needs_two = stake_of(store, now=now).is_any
    ending = StoreEnding.objects.create(
        store=store, reason=reason.strip()[:500], refund_unshipped=refund, proposed_by=actor.user_id, proposed_at=now,
        needs_two=needs_two,
    )  # fmt: skip
    audit.record(
        actor=actor, act="store.end_proposed", subject_type="store", subject=str(store_id), reason=ending.reason,
        facts={"refund_unshipped": refund, "needs_two": needs_two},
    )  # fmt: skip
    if needs_two:
        deadlines.schedule("store.sign_end", subject=store_id, due_at=now + REMIND_EVERY)
        outbox.publish("vetting.end_proposed", store_id=str(store_id), time=0)
    else:
        _begin_end(store, ending, actor=actor, now=now)
    return ending


@transaction.atomic
def sign_end(*, store_id: UUID, actor: Actor, now: datetime) -> StoreEnding:
    """
    Be the second person: from now on the store winds up.

    :raises SecondPerson: for who proposed it
    :raises IllegalTransition: if nothing is proposed, or it was signed
    """
    store, ending = _proposed(store_id, actor)
    if ending.proposed_by == actor.user_id:
        raise SecondPerson
    _begin_end(store, ending, actor=actor, now=now)
    return ending


@transaction.atomic
def drop_end(*, store_id: UUID, actor: Actor, now: datetime) -> None:
    """Take a proposal back, or refuse to sign it. :raises IllegalTransition: if there is none"""
    _, ending = _proposed(store_id, actor)
    deadlines.cancel("store.sign_end", subject=store_id)
    audit.record(
        actor=actor, act="store.end_dropped", subject_type="store", subject=str(store_id), reason=ending.reason
    )
    ending.delete()


def _proposed(store_id: UUID, actor: Actor) -> tuple[Store, StoreEnding]:
    store = standing.lock_store(store_id)
    may_judge(store, actor)
    ending = StoreEnding.objects.filter(store=store, signed_at__isnull=True).first()
    if ending is None:
        raise IllegalTransition
    return store, ending


def _begin_end(store: Store, ending: StoreEnding, *, actor: Actor, now: datetime) -> None:
    ending.signed_by, ending.signed_at = actor.user_id, now
    ending.save(update_fields=["signed_by", "signed_at"])
    standing.move(store, StoreStatus.ENDING, actor=actor, reason=ending.reason, now=now)
    hold_payouts(store_id=store.pk, cause=HoldCause.ENDING, actor=actor, now=now)
    outbox.publish("vetting.ending", store_id=str(store.pk))


def wind_up(store_id: UUID, *, now: datetime) -> bool:
    """
    Deadline: give back what is not shipped, if that was decided, and close once nothing is open; whether it is closed.

    Orders are refunded each in a transaction of its own: one that has moved on meanwhile stops no other.
    """
    ending = StoreEnding.objects.select_related("store").get(store_id=store_id)
    if ending.refund_unshipped:
        waiting = Order.objects.filter(store_id=store_id, status=OrderStatus.PAID, in_case=False)
        for pk in waiting.order_by("pk").values_list("pk", flat=True):
            _refund(pk, now=now)
    with transaction.atomic():
        store = standing.lock_store(store_id)
        deadlines.finish("store.wind_up", subjects=[store_id])
        if store.status != StoreStatus.ENDING:
            return True
        if not stake_of(store, now=now).is_over:
            deadlines.schedule("store.wind_up", subject=store_id, due_at=now + LOOK_EVERY)
            return False
        standing.move(store, StoreStatus.ENDED, actor=SYSTEM, reason="nothing is open any more", now=now)
        lift_hold(store_id=store_id, actor=SYSTEM, now=now)
        outbox.publish("vetting.ended", store_id=str(store_id))
        return True


@transaction.atomic
def _refund(order_id: UUID, *, now: datetime) -> None:
    order = orders.lock_order(order_id)
    if order.status == OrderStatus.PAID and not order.in_case and order.shipped_at is None:
        refund_unshipped(order, actor=SYSTEM, reason="the store closes", now=now)


def remind_to_sign(store_id: UUID, *, now: datetime) -> None:
    """Deadline: the end of a cooperation waits for its second person."""
    with transaction.atomic():
        ending = StoreEnding.objects.filter(store_id=store_id, signed_at__isnull=True).first()
        if ending is None:
            deadlines.finish("store.sign_end", subjects=[store_id])
            return
        deadlines.schedule("store.sign_end", subject=store_id, due_at=now + REMIND_EVERY)
        outbox.publish("vetting.end_proposed", store_id=str(store_id), time=(now - ending.proposed_at).days)
