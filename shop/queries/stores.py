"""Stores: whose they are, and what their own orders say about them."""

from __future__ import annotations

from uuid import UUID

from shop.models import Store


def store_of(*, user_id: UUID) -> Store | None:
    """The store a person runs: his oldest, if he has several. One query."""
    return Store.objects.filter(owner_id=user_id).order_by("created_at", "id").first()
