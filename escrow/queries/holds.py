"""Where an order's money is."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from escrow.models import Hold


def hold_of(order_id: UUID) -> Hold | None:
    """An order's hold; None before it was paid."""
    return Hold.objects.filter(order_id=order_id).first()


def holds_of(order_ids: Iterable[UUID]) -> dict[UUID, Hold]:
    """The holds of many orders with one query."""
    return {hold.order_id: hold for hold in Hold.objects.filter(order_id__in=list(order_ids))}


def holds_of_store(store_id: UUID, *statuses: str) -> QuerySet[Hold]:
    """A store's holds in some states, oldest first, with their orders: what stands behind a merchant's numbers."""
    rows = Hold.objects.select_related("order").filter(store_id=store_id)
    return (rows.filter(status__in=statuses) if statuses else rows).order_by("opened_at", "pk")
