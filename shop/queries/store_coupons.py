"""A store's own coupons and what came of them, for its back office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Prefetch, Q, QuerySet, Sum, Value, When

from core.money import Money
from shop.errors import NoSuchCoupon
from shop.models import Category, Coupon, CouponClaim, CouponUse, Product
from shop.states import CouponStatus, UseStatus


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many took it, what is reserved, spent and given back, and the sum that spent uses took off."""

    claimed: int
    reserved: int
    spent: int
    returned: int
    amount: Money


def coupons_of(store_id: UUID) -> QuerySet[Coupon]:
    """A store's coupons, those that are not over first, then the newest; their goods come along."""
    is_over = Case(When(status=CouponStatus.ENDED, then=Value(1)), default=Value(0))
    return _with_goods(Coupon.objects.filter(store_id=store_id)).order_by(is_over, "-created_at", "-pk")


def coupon_of(*, store_id: UUID, pk: UUID) -> Coupon:
    """:raises NoSuchCoupon: if there is none, or it is another store's"""
    found = _with_goods(Coupon.objects.filter(pk=pk, store_id=store_id)).first()
    if found is None:
        raise NoSuchCoupon
    return found


def numbers_of(coupons: Sequence[Coupon]) -> dict[UUID, Numbers]:
    """The numbers of many coupons. Two queries."""
    ids = [coupon.pk for coupon in coupons]
    claims = CouponClaim.objects.filter(coupon_id__in=ids).order_by()
    claimed = dict(claims.values_list("coupon_id").annotate(Count("pk")))
    spent = Q(status=UseStatus.SPENT)
    uses = CouponUse.objects.filter(coupon_id__in=ids).order_by().values("coupon_id")
    found = uses.annotate(
        reserved=Count("pk", filter=Q(status=UseStatus.RESERVED)),
        spent=Count("pk", filter=spent),
        returned=Count("pk", filter=Q(status=UseStatus.RETURNED)),
        minor=Sum("amount_minor", filter=spent),
    )
    rows: dict[UUID, dict[str, Any]] = {row["coupon_id"]: dict(row) for row in found}
    return {coupon.pk: _numbers(coupon, claimed, rows.get(coupon.pk, {})) for coupon in coupons}


def uses_of(coupon_id: UUID, count: int = 50) -> list[CouponUse]:
    """The newest uses, with their orders."""
    rows = CouponUse.objects.filter(coupon_id=coupon_id).select_related("order")
    return list(rows.order_by("-reserved_at", "-pk")[:count])


def _numbers(coupon: Coupon, claimed: dict[UUID, int], row: dict[str, Any]) -> Numbers:
    return Numbers(
        claimed=claimed.get(coupon.pk, 0),
        reserved=row.get("reserved", 0),
        spent=row.get("spent", 0),
        returned=row.get("returned", 0),
        amount=Money(row.get("minor") or 0, coupon.currency),
    )


def _with_goods(rows: QuerySet[Coupon]) -> QuerySet[Coupon]:
    return rows.prefetch_related(
        Prefetch("products", Product.objects.only("pk", "title", "title_en")),
        Prefetch("categories", Category.objects.all()),
    )
