"""Where an order's money is."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from escrow.models import Hold
from escrow.states import OPEN_HOLD


def hold_of(order_id: UUID) -> Hold | None:
    """An order's hold; None before it was paid."""
    return Hold.objects.filter(order_id=order_id).first()


def holds_of(order_ids: Iterable[UUID]) -> dict[UUID, Hold]:
    """The holds of many orders with one query."""
    return {hold.order_id: hold for hold in Hold.objects.filter(order_id__in=list(order_ids))}


def open_holds_of(store_id: UUID, *statuses: str) -> QuerySet[Hold]:
    """
    A store's holds in which there is money, or those in some of these states, oldest first, with their orders.

    Found by way of the store's open orders: an order is not over while money is held for it (``daily_check``).
    """
    rows = Hold.objects.select_related("order").filter(order__open__store_id=store_id)
    return rows.filter(status__in=statuses or OPEN_HOLD).order_by("opened_at", "pk")
