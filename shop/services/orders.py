"""Orders: written at checkout, then only moved along their states."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from core import audit
from core.actor import SYSTEM, Actor
from core.bulk import ids
from core.prepared import Blank, Prepared, PreparedIn
from core.transitions import advance
from shop.errors import NotYourOrder
from shop.models import Order, OrderLine, ProductImage, Variant
from shop.states import ORDER, OrderStatus

Id = TypeVar("Id", bound=UUID | str)
NUMBER_TRIES = 5
COMPLETABLE = (OrderStatus.SHIPPED, OrderStatus.DELIVERED)


_LOCKED = Prepared(lambda: Order.objects.select_for_update(no_key=True).filter(pk=Blank("pk")))
_LOCKED_OF = Prepared(
    lambda: Order.objects.select_for_update(no_key=True).filter(payment=Blank("payment")).order_by("pk")
)


@dataclass(frozen=True, slots=True)
class LineSpec:
    """What is bought: a variant with its product loaded, as it was checked in this transaction."""

    variant: Variant
    quantity: int
    discount_minor: int = 0  # what the order's coupon takes off this line


@transaction.atomic
def create_order(
    *,
    buyer_id: UUID,
    store_id: UUID,
    lines: Sequence[LineSpec],
    shipping_minor: int,
    address: dict[str, str],
    payment_id: UUID,
    policy_id: int,
    fee_bps: int,
    note: str,
    actor: Actor,
    now: datetime,
    coupon_code: str = "",
    is_trial: bool = False,
) -> Order:
    """Write an order of one store, unpaid, with prices, promises, address and fee frozen as they are now."""
    items_minor = sum(spec.variant.price_minor * spec.quantity for spec in lines)
    discount_minor = sum(spec.discount_minor for spec in lines)
    order = Order(
        buyer_id=buyer_id,
        store_id=store_id,
        payment_id=payment_id,
        policy_id=policy_id,
        kind=lines[0].variant.product.kind,
        currency=lines[0].variant.product.currency,
        items_minor=items_minor,
        shipping_minor=shipping_minor,
        discount_minor=discount_minor,
        coupon_code=coupon_code,
        total_minor=items_minor + shipping_minor - discount_minor,
        fee_bps=fee_bps,
        address=address,
        note=note[:200],
        placed_at=now,
        is_trial=is_trial,
    )
    _insert(order, now=now)
    _insert_lines(order, lines)
    audit.record(
        actor=actor,
        act="order.placed",
        subject_type="order",
        subject=str(order.pk),
        order_id=order.pk,
        facts={
            "number": order.number, "total_minor": order.total_minor, "currency": order.currency,
            **({"coupon": coupon_code, "discount_minor": discount_minor} if coupon_code else {}),
        },
    )  # fmt: skip
    return order


def _insert(order: Order, *, now: datetime) -> None:
    """Number the order by date and eight random digits, so that no number tells how many there are."""
    for attempt in range(1, NUMBER_TRIES + 1):
        order.number = f"{timezone.localtime(now):%y%m%d}{secrets.randbelow(10**8):08d}"
        try:
            with transaction.atomic():
                order.save(force_insert=True)
            return
        except IntegrityError:
            taken = Order.objects.filter(number=order.number).exists()
            if not taken or attempt == NUMBER_TRIES:
                raise


def _insert_lines(order: Order, lines: Sequence[LineSpec]) -> None:
    thumbs = thumbs_of({spec.variant.product_id for spec in lines})
    rows = []
    for spec in lines:
        variant, product = spec.variant, spec.variant.product
        rows.append(
            OrderLine(
                order=order,
                product=product,
                variant=variant,
                title=product.title,
                title_en=product.title_en,
                variant_name=variant.name,
                variant_name_en=variant.name_en,
                thumb=thumbs.get(product.pk, ""),
                unit_minor=variant.price_minor,
                quantity=spec.quantity,
                total_minor=variant.price_minor * spec.quantity,
                discount_minor=spec.discount_minor,
                currency=product.currency,
                promise_version=product.version,
            )
        )
    OrderLine.objects.bulk_create(rows)


def thumbs_of(product_ids: set[UUID]) -> dict[UUID, str]:
    """Path of each product's first picture, in its smallest rendition."""
    thumbs: dict[UUID, str] = {}
    for product_id, thumb in _THUMBS.all(product_ids):
        thumbs.setdefault(product_id, thumb)
    return thumbs


_THUMBS = PreparedIn(
    lambda products: (
        ProductImage.objects.filter(product__id__in=products)
        .order_by("product_id", "position", "id")
        .values_list("product_id", "thumb")
    )
)


def lock_order(order_id: UUID) -> Order:
    """
    Lock an order's row, the mutex of its deal, until the transaction ends.

    :raises NotYourOrder: if there is none
    """
    order = _LOCKED.first(pk=order_id)
    if order is None:
        raise NotYourOrder
    return order


def lock_orders_of(payment_id: UUID) -> list[Order]:
    """Lock all orders of one payment, in the one order that everybody locks them in."""
    return _LOCKED_OF.all(payment=payment_id)


def move(order: Order, target: str, *, actor: Actor, reason: str, **changes: Any) -> None:
    """
    Move an order along its table of states and audit it.

    :raises IllegalTransition: if it has moved on already
    """
    advance(order, target, machine=ORDER, actor=actor, reason=reason, **changes)


def lock_states(order_ids: Sequence[str]) -> list[tuple[str, int, str, bool]]:
    """Lock many orders in the order of their ids; give id, policy and status of each, and whether it is in a case."""
    if connection.vendor != "postgresql":
        rows = Order.objects.filter(pk__among=order_ids).order_by("pk")
        states = rows.values_list("pk", "policy_id", "status", "in_case")
        return [(str(pk), policy_id, status, in_case) for pk, policy_id, status, in_case in states]
    with connection.cursor() as cursor:
        cursor.execute(STATES, [ids(order_ids)])
        return list(cursor.fetchall())


STATES = """
SELECT o.id::text, o.policy_id, o.status, o.in_case FROM shop_order o
WHERE o.id = ANY(%s::uuid[]) ORDER BY o.id FOR NO KEY UPDATE OF o
"""
COMPLETE = """
WITH mine AS MATERIALIZED (
  SELECT id, status FROM shop_order WHERE id = ANY(%(ids)s::uuid[]) AND status = ANY(%(from)s)
  ORDER BY id FOR NO KEY UPDATE),
u AS (
  UPDATE shop_order SET status = %(to)s, closed_at = %(now)s
  WHERE id = ANY(ARRAY(SELECT id FROM mine))),  -- an array is looked up in the index, whatever the tables' sizes
a AS (
  INSERT INTO core_auditentry (at, user_id, device_id, act, subject_type, subject, order_id, reason, facts)
  SELECT %(now)s, %(user)s::uuid, %(device)s::uuid, %(act)s, %(name)s, id::text, id, %(reason)s,
         jsonb_build_object('from', status)
  FROM mine)
SELECT id FROM mine
"""


def complete_many(*, order_ids: Sequence[Id], actor: Actor, reason: str, now: datetime) -> list[Id]:
    """Complete shipped and delivered orders and write an audit entry of each; give their ids. One statement."""
    act = f"{ORDER.name}.{OrderStatus.COMPLETED}"
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                COMPLETE,
                {
                    "ids": ids(order_ids), "from": list(COMPLETABLE), "to": OrderStatus.COMPLETED, "now": now,
                    "user": actor.user_id, "device": actor.device_id, "act": act, "name": ORDER.name,
                    "reason": reason[:500],
                },
            )  # fmt: skip
            if cursor.rowcount == len(order_ids):
                return list(order_ids)
            done = {str(pk) for (pk,) in cursor.fetchall()}
            return [pk for pk in order_ids if str(pk) in done]
    rows = Order.objects.filter(pk__among=order_ids, status__in=COMPLETABLE).order_by("pk")
    before = dict(rows.values_list("pk", "status"))
    Order.objects.filter(pk__among=list(before)).update(status=OrderStatus.COMPLETED, closed_at=now)
    audit.record_many(
        actor=actor,
        act=act,
        subject_type=ORDER.name,
        rows=[(str(pk), pk, {"from": status}) for pk, status in before.items()],
        now=now,
        reason=reason,
    )
    return [pk for pk in order_ids if UUID(str(pk)) in before]


def set_in_case(order: Order, *, value: bool) -> None:
    """Say whether an after-sale case is open; written together with the case's own state."""
    Order.objects.filter(pk=order.pk).update(in_case=value)
    order.in_case = value


def note_shipped(order: Order, *, at: datetime) -> None:
    """Note since when the carrier has the parcel, which is when an order counts as shipped; the first time stays."""
    if Order.objects.filter(pk=order.pk, shipped_at__isnull=True).update(shipped_at=at):
        order.shipped_at = at
        audit.record(
            actor=SYSTEM,
            act="order.first_scan",
            subject_type="order",
            subject=str(order.pk),
            order_id=order.pk,
            facts={"at": at.isoformat()},
        )


def note_resent(order: Order) -> None:
    """A replacement was booked: the order counts as shipped again with that parcel's first scan."""
    Order.objects.filter(pk=order.pk).update(shipped_at=None)
    order.shipped_at = None


def note_extended(order: Order) -> None:
    """Count that the buyer has taken more time to look."""
    Order.objects.filter(pk=order.pk).update(extended=F("extended") + 1)
    order.extended += 1
