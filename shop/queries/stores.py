"""Stores: whose they are, and what their own orders say about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from shop.models import Order, Store, StoreMember
from shop.roles import Role
from shop.states import OrderStatus, StoreStatus

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


def stores_of(*, user_id: UUID) -> list[Store]:
    """
    The stores somebody owns or works in, with his role in each as ``my_role``; those he owns first, the oldest first.

    One query, asked with every request to the merchant's office, so that a changed role works at once.
    """
    mine = StoreMember.objects.filter(user_id=user_id, left_at__isnull=True)
    owned = Store.objects.filter(owner_id=user_id).order_by()
    # A union: with OR between them a large database reads every store.
    found = Store.objects.filter(pk__in=owned.values("pk").union(mine.values("store_id")))
    as_member = Subquery(mine.filter(store_id=OuterRef("pk")).values("role")[:1])
    rows = list(found.annotate(place=Coalesce(as_member, Value(""))).order_by("created_at", "id"))
    for row in rows:
        row.my_role = Role.OWNER if row.owner_id == user_id else row.place
    return sorted(rows, key=lambda row: (row.status == StoreStatus.ENDED, row.owner_id != user_id))


def store_of(*, user_id: UUID, chosen: str = "") -> Store | None:
    """The store somebody works in now: the one he has chosen, else the first of his. One query."""
    rows = stores_of(user_id=user_id)
    return next((row for row in rows if str(row.pk) == chosen), rows[0] if rows else None)


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
    since = now - timedelta(days=WINDOW_DAYS)
    newest = Order.objects.filter(store_id=store_id, placed_at__gte=since, is_trial=False)
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
