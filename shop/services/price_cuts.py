"""How far a price would fall: beyond a limit of the platform's, whoever lowers it is asked who he is (A7)."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Min

from shop.models import Coupon, Product
from shop.services.products import ListingFacts
from shop.states import ProductStatus


def is_deep(percent: int) -> bool:
    return percent > int(settings.PRICE_CUT_PERCENT)


def deepest_cut(product: Product, facts: ListingFacts) -> int:
    """The deepest fall of any price, in whole percent; a cheaper variant in place of another counts as one."""
    was = {row.pk: row.price_minor for row in product.variants.all()}
    kept = [row for row in facts.variants if not row.remove]
    pairs = [(was[row.id], row.price_minor) for row in kept if row.id in was]
    if was and kept:
        pairs.append((min(was.values()), min(row.price_minor for row in kept)))
    return max((_percent(old, new) for old, new in pairs), default=0)


def coupon_cut(coupon: Coupon) -> int:
    """The most that a coupon takes off an order, in whole percent: of its minimum, or of the store's cheapest goods."""
    if coupon.off_bps:
        return coupon.off_bps // 100
    listed = Product.objects.filter(store_id=coupon.store_id, status=ProductStatus.LISTED)
    least = max(coupon.minimum_minor, listed.aggregate(least=Min("price_minor"))["least"] or 0)
    return _percent(least, least - (coupon.off_minor or 0)) if least else 100


def _percent(old: int, new: int) -> int:
    return max(0, -((new - old) * 100 // old)) if old > 0 else 0  # rounded up
