"""Virtual goods: the payment delivers (V1), its buyer reveals, and each opening is on record (D15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Q

from core import audit, deadlines, outbox
from core.actor import SYSTEM, Actor
from core.errors import NotFound
from core.policies import rules_of
from escrow.errors import ChargebackOpen
from escrow.services.moves import is_disputed
from flows import clocks
from flows.errors import AlreadyClosed, CaseIsOpen, NoCodeLeft, NoCodesYet, ReasonNeeded
from shop.errors import NoSuchKey
from shop.models import CardKey, Order
from shop.queries.orders import code_orders_waiting
from shop.roles import Act
from shop.services import codes, orders, stock
from shop.services.access import require
from shop.states import KeyStatus, Kind, OrderStatus

HAS_KEYS = (OrderStatus.DELIVERED, OrderStatus.COMPLETED, OrderStatus.REFUNDED)
MAY_REVEAL = (OrderStatus.DELIVERED, OrderStatus.COMPLETED)


@dataclass(frozen=True, slots=True)
class Opened:
    """A key with its value, for the one answer that shows it; never kept, never printed."""

    key: CardKey
    value: str

    def __repr__(self) -> str:
        return f"<opened {self.key.pk}>"


def deliver(order: Order, *, now: datetime) -> bool:
    """
    Give a locked, paid order its keys and let its buyer's time begin; False while the pool has too few.

    Whatever calls it again finds an order that is no longer only paid, and so nothing to do: keys are given once.
    """
    if order.kind != Kind.CODE or order.status != OrderStatus.PAID or order.in_case:
        return False
    if order.payment_id is not None and is_disputed(order.payment_id):
        return False
    if not codes.assign(order_id=order.pk, now=now):
        return False
    orders.move(order, OrderStatus.DELIVERED, actor=SYSTEM, reason="codes delivered", delivered_at=now)
    clocks.stop_shipping(order.pk)
    clocks.start_inspection(order.pk, rules=rules_of(order.policy_id), due_at=release_at(order))
    return True


def deliver_or_wait(order: Order, *, now: datetime) -> None:
    """The payment has just been confirmed: deliver in this same transaction, or else start the clocks of waiting."""
    if not deliver(order, now=now):
        clocks.start_delivering(order, now=now)
        outbox.publish("order.codes_short", order_id=str(order.pk))


def try_again(*, order_id: UUID, now: datetime) -> bool:
    """Serve an order that waits, if the pool can; whether it has its keys now."""
    with transaction.atomic():
        order = orders.lock_order(order_id)
        if deliver(order, now=now):
            outbox.publish("order.codes_delivered", order_id=str(order_id))
        return order.status != OrderStatus.PAID


def serve_waiting(*, variant_id: UUID, now: datetime) -> None:
    """New keys are in the pool: those who wait get theirs, the longest waiting first."""
    for order_id in code_orders_waiting(variant_id=variant_id):
        try_again(order_id=order_id, now=now)


def late(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: paid for five minutes and not delivered. Try once more, else everybody is told."""
    for subject in subjects:
        is_served = try_again(order_id=UUID(subject), now=now)
        with transaction.atomic():
            deadlines.finish("code.deliver_by", subjects=[subject])
            if not is_served:
                outbox.publish("order.codes_late", order_id=subject)


def release_at(order: Order) -> datetime:
    """
    When the money moves if nobody acts: a day after the last reveal, three after delivery while something is unopened.

    Time the buyer has taken is added to both.
    """
    rules = rules_of(order.policy_id)
    assert order.delivered_at is not None
    mine = CardKey.objects.filter(order_line__order_id=order.pk, status=KeyStatus.SOLD)
    seen = mine.aggregate(last=Max("revealed_at"), closed=Count("pk", filter=Q(revealed_at=None)))
    ends = [seen["last"] + rules.hours("inspection_hours")] if seen["last"] else []
    if seen["closed"] or not ends:
        ends.append(order.delivered_at + rules.hours("inspection_weak_hours"))
    end: datetime = max(ends) + order.extended * rules.hours("extension_hours")
    return end


@transaction.atomic
def reveal(*, order_id: UUID, key_ids: Sequence[UUID] | None, actor: Actor, device: str, now: datetime) -> list[Opened]:
    """
    Open keys for the buyer: from now on they count as used. What he has seen before he sees again, unlogged.

    :raises NotFound: if the actor is not the buyer
    :raises NoCodesYet: if the order has none
    :raises CaseIsOpen: if something unseen would be opened while a case says that it is unseen
    :raises ChargebackOpen: while the buyer's bank has the money
    """
    order = _lock_codes(order_id)
    if order.buyer_id != actor.user_id:
        raise NotFound
    shown, fresh = codes.reveal(order_id=order.pk, key_ids=key_ids, now=now)
    if fresh:
        _may_open(order)
        facts = {"pieces": [[str(key.order_line_id), key.n] for key in fresh], "device": device}
        audit.record(
            actor=actor, act="code.revealed", subject_type="order", subject=str(order.pk), order_id=order.pk,
            facts=facts,
        )  # fmt: skip
        _clock_after_reveal(order, now=now)
    return [Opened(key, key.open()) for key in shown]


def _may_open(order: Order) -> None:
    if order.status not in MAY_REVEAL:
        raise AlreadyClosed
    if order.in_case:
        raise CaseIsOpen
    if order.payment_id is not None and is_disputed(order.payment_id):
        raise ChargebackOpen


def _clock_after_reveal(order: Order, *, now: datetime) -> None:
    """The release follows the reveal; never sooner than its warning needs."""
    if order.status == OrderStatus.DELIVERED:
        rules = rules_of(order.policy_id)
        clocks.start_inspection(order.pk, rules=rules, due_at=max(release_at(order), now + _notice(order)))


def _notice(order: Order) -> timedelta:
    return rules_of(order.policy_id).hours("min_notice_hours")


@transaction.atomic
def open_for_staff(*, order_id: UUID, reason: str, actor: Actor, device: str, now: datetime) -> list[Opened]:
    """
    Show an order's keys to a member of staff who says why; from then on they are never sold again.

    :raises NotFound: for who is not of the staff, or is a party of the order
    :raises ReasonNeeded: without a reason
    """
    order = _lock_codes(order_id)
    if not actor.is_mediator or actor.user_id == order.buyer_id or order.store.role_of(actor.user_id):
        raise NotFound
    if len(reason.strip()) < 10:
        raise ReasonNeeded
    keys = codes.note_seen(order_id=order.pk, now=now)
    audit.record(
        actor=actor, act="code.opened_by_staff", subject_type="order", subject=str(order.pk), order_id=order.pk,
        reason=reason.strip(), facts={"pieces": [[str(key.order_line_id), key.n] for key in keys], "device": device},
    )  # fmt: skip
    return [Opened(key, key.open()) for key in keys]


@transaction.atomic
def replace(*, order_id: UUID, store_id: UUID, key_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    """
    Give the buyer another key for one that does not work (V6); his time to look begins anew with it.

    :raises NotFound: if it is not this store's order
    :raises NotYourPart: if the actor's role there does not include it
    :raises NoSuchKey: if it is not one of its keys
    :raises NoCodeLeft: if the pool has none
    """
    order = _lock_codes(order_id)
    if order.store_id != store_id:
        raise NotFound
    require(order.store, Act.ANSWER, actor=actor)
    if order.status != OrderStatus.DELIVERED:
        raise AlreadyClosed
    mine = codes.keys_of(order.pk)
    stock.lock_products_of(variant_ids=list(mine.values_list("variant_id", flat=True)))
    key = mine.select_for_update(of=("self",)).filter(pk=key_id, status=KeyStatus.SOLD).first()
    if key is None:
        raise NoSuchKey
    if not codes.replace(key=key, actor=actor, reason=reason.strip(), now=now):
        raise NoCodeLeft
    stock.recount(variant_ids=[key.variant_id])
    audit.record(
        actor=actor, act="code.replaced", subject_type="order", subject=str(order.pk), order_id=order.pk,
        reason=reason.strip(), facts={"pieces": [[str(key.order_line_id), key.n]]},
    )  # fmt: skip
    fresh = now + rules_of(order.policy_id).hours("inspection_weak_hours")
    clocks.start_inspection(order.pk, rules=rules_of(order.policy_id), due_at=max(release_at(order), fresh))
    if order.in_case:
        clocks.pause(order.pk, reason="case")
    outbox.publish("order.code_replaced", order_id=str(order.pk), key_id=str(key.pk))


def seen_by_buyer(order_id: UUID) -> list[Opened]:
    """What the buyer has opened before, to be read again; the door asks whose order it is."""
    return [Opened(key, key.open()) for key in codes.keys_of(order_id).filter(revealed_at__isnull=False)]


def _lock_codes(order_id: UUID) -> Order:
    order = orders.lock_order(order_id)
    if order.kind != Kind.CODE or order.status not in HAS_KEYS:
        raise NoCodesYet
    return order
