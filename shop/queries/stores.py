"""Stores: whose they are, and what their own orders say about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q

from shop.models import Order, Store
from shop.states import OrderStatus

WINDOW_DAYS = 90
LOOKED_AT = 500  # a store's newest orders are enough to judge it, and cost the same however many it has
ENOUGH = 5  # fewer orders say nothing


@dataclass(frozen=True, slots=True)
class StoreNumbers:
    """Measured from a store's own orders of the last 90 days, at most the newest 500 of them."""

    completed: int
    refunded: int
    shipped: int
    ship_time: timedelta | None

    @property
    def is_enough(self) -> bool:
        return self.shipped >= ENOUGH

    @property
    def ship_hours(self) -> int | None:
        """From payment to hand-over, in hours begun; nothing while there are too few orders to say."""
        if self.ship_time is None or not self.is_enough:
            return None
        return max(1, -(-int(self.ship_time.total_seconds()) // 3600))

    @property
    def is_capped(self) -> bool:
        return self.completed >= LOOKED_AT


def store_of(*, user_id: UUID) -> Store | None:
    """The store a person runs: his oldest, if he has several. One query."""
    return Store.objects.filter(owner_id=user_id).order_by("created_at", "id").first()


def store_by_slug(*, slug: str) -> Store | None:
    return Store.objects.filter(slug=slug).first()


def lately_of(*, store_id: UUID, now: datetime) -> StoreNumbers:
    """``store_numbers`` as of the last ten minutes: an average over months need not be taken for every visitor."""
    return _remembered(store_id, int(now.timestamp()) // 600)


@lru_cache(maxsize=2048)
def _remembered(store_id: UUID, tenth: int) -> StoreNumbers:
    return store_numbers(store_id=store_id, now=datetime.fromtimestamp(tenth * 600 + 599, tz=UTC))


def store_numbers(*, store_id: UUID, now: datetime) -> StoreNumbers:
    """How fast a store ships, and how its deals end. One query over a bounded number of rows."""
    newest = Order.objects.filter(store_id=store_id, placed_at__gte=now - timedelta(days=WINDOW_DAYS))
    taken = newest.order_by("-placed_at", "-id")[:LOOKED_AT]
    waited = ExpressionWrapper(F("shipped_at") - F("paid_at"), output_field=DurationField())
    found = taken.aggregate(
        completed=Count("id", filter=Q(status=OrderStatus.COMPLETED)),
        refunded=Count("id", filter=Q(status=OrderStatus.REFUNDED)),
        shipped=Count("id", filter=Q(shipped_at__isnull=False, paid_at__isnull=False)),
        ship_time=Avg(waited, filter=Q(shipped_at__isnull=False, paid_at__isnull=False)),
    )
    return StoreNumbers(**found)


def names_of(owner_id: UUID) -> list[str]:
    """What a person's stores are called: words that his password must not hold."""
    rows = Store.objects.filter(owner_id=owner_id).values_list("name", "name_en", "slug")
    return [word for row in rows for word in row if word]
