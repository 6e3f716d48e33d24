"""Orders: written at checkout, then only moved along their states."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from core import audit
from core.actor import SYSTEM, Actor
from core.prepared import Blank, Prepared, PreparedIn
from core.transitions import advance
from shop.errors import NotYourOrder
from shop.models import Order, OrderLine, ProductImage, Variant
from shop.states import ORDER

NUMBER_TRIES = 5


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
