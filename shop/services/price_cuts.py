"""How far a price would fall: beyond a limit of the platform's, whoever lowers it is asked who he is (A7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Min, Subquery
from django.db.models.functions import Coalesce

from shop.models import Coupon, Product, ProductVersion
from shop.services.products import ListingFacts
from shop.states import ProductStatus

LOOK_BACK = timedelta(days=7)


def is_deep(percent: int) -> bool:
    return percent > int(settings.PRICE_CUT_PERCENT)


def deepest_cut(product: Product, facts: ListingFacts, *, now: datetime) -> int:
    """
    The deepest fall of any price, in whole percent; a cheaper variant in place of another counts as one.

    What falls now is measured by the most that it was within :data:`LOOK_BACK`: several small steps are one long one.
    """
    was = {row.pk: row.price_minor for row in product.variants.all()}
    kept = [row for row in facts.variants if not row.remove]
    falls: list[tuple[UUID | None, int, int]] = [
        (row.id, was[row.id], row.price_minor) for row in kept if row.id in was
    ]
    if was and kept:
        falls.append((None, min(was.values()), min(row.price_minor for row in kept)))
    falls = [fall for fall in falls if fall[2] < fall[1]]
    highest = _highest(product, now=now) if falls else {}
    return max((_percent(max(old, highest.get(pk, 0)), new) for pk, old, new in falls), default=0)


def _highest(product: Product, *, now: datetime) -> dict[UUID | None, int]:
    """The most that each variant, and the cheapest of them (None), has cost lately."""
    rows = ProductVersion.objects.filter(product=product)
    before = rows.filter(created_at__lte=now - LOOK_BACK).order_by("-version").values("version")[:1]
    lately = rows.filter(version__gte=Coalesce(Subquery(before), 0))
    found: dict[UUID | None, int] = {}
    for promise in lately.values_list("promise", flat=True):
        prices = {UUID(row["id"]): int(row["price_minor"]) for row in promise["variants"]}
        for pk, minor in [*prices.items(), (None, min(prices.values(), default=0))]:
            found[pk] = max(found.get(pk, 0), minor)
    return found


def coupon_cut(coupon: Coupon) -> int:
    """The most that a coupon takes off an order, in whole percent: of its minimum, or of the store's cheapest goods."""
    if coupon.off_bps:
        return coupon.off_bps // 100
    listed = Product.objects.filter(store_id=coupon.store_id, status=ProductStatus.LISTED)
    least = max(coupon.minimum_minor, listed.aggregate(least=Min("price_minor"))["least"] or 0)
    return _percent(least, least - (coupon.off_minor or 0)) if least else 100


def _percent(old: int, new: int) -> int:
    return max(0, -((new - old) * 100 // old)) if old > 0 else 0  # rounded up
