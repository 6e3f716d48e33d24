"""Coupons as buyers meet them: what each would take off, the best one, and why another does not apply."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from core.money import Money
from core.wording import when
from shop.models import Category, Coupon, CouponClaim, CouponUse, Product, Store
from shop.queries.carts import CartView, StoreGroup
from shop.queries.discounts import discount_of, spread
from shop.states import CouponStatus, UseStatus

Why = Literal["paused", "ended", "not_yet", "over", "used_up", "used_by_you", "other_goods", "minimum", "nothing"]
MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Offer:
    """A coupon held against what is bought in its store. ``why`` it does not apply, if it does not."""

    coupon: Coupon
    discount: Money
    parts: Mapping[UUID, int]  # cart line → its share, where there is one
    why: Why | None = None
    missing: Money | None = None  # how much more would reach the minimum

    @property
    def applies(self) -> bool:
        return self.why is None

    @property
    def reason(self) -> str:
        """Why it does not apply, in words for the buyer."""
        return reason_of(self.coupon, self.why, missing=self.missing) if self.why else ""


def reason_of(coupon: Coupon, why: Why, *, missing: Money | None = None) -> str:
    """Why a coupon does not apply, in words for the buyer."""
    if why == "not_yet":
        return _("It is valid from %(when)s.") % {"when": when(coupon.starts_at)}
    if why in ("over", "ended"):
        at = when(coupon.ends_at)
        return _("It ended on %(when)s.") % {"when": at} if why == "over" else _("The store has ended it.")
    if why == "minimum":
        least = coupon.minimum
        if missing is None:
            return _("It applies from %(least)s.") % {"least": least}
        return _("%(missing)s more of its goods, and it applies (from %(least)s).") % {
            "missing": missing,
            "least": least,
        }
    return {
        "paused": _("The store has paused it."),
        "used_up": _("All of them are used."),
        "used_by_you": _("You have used yours."),
        "other_goods": _("It is for other goods of this store."),
        "nothing": _("There is nothing it could take off here."),
    }[why]


def why_not(coupon: Coupon, *, used_by_me: int, now: datetime) -> Why | None:
    """What speaks against a coupon whatever is bought."""
    if coupon.status != CouponStatus.RUNNING:
        return "over" if now >= coupon.ends_at else "paused" if coupon.status == CouponStatus.PAUSED else "ended"
    if not coupon.is_in_time(now):
        return "not_yet" if now < coupon.starts_at else "over"
    if used_by_me >= coupon.per_member:
        return "used_by_you"
    return "used_up" if coupon.is_used_up else None


def judge(coupon: Coupon, group: StoreGroup, *, used_by_me: int, now: datetime) -> Offer:
    """Hold a coupon, with its goods loaded, against what can be bought of one store in one order."""
    nothing = Offer(coupon, Money(0, coupon.currency), {})
    lines = [line for line in group.lines if line.can_be_bought]
    weights = [line.total.minor if is_for(coupon, line.product) else 0 for line in lines]
    eligible = sum(weights)
    against = why_not(coupon, used_by_me=used_by_me, now=now)
    if against is not None:
        return replace(nothing, why=against)
    if not eligible or coupon.store_id != group.store.pk or coupon.currency != group.items.currency:
        return replace(nothing, why="other_goods")
    if eligible < coupon.minimum_minor:
        return replace(nothing, why="minimum", missing=Money(coupon.minimum_minor - eligible, coupon.currency))
    minor = discount_of(
        off_minor=coupon.off_minor, off_bps=coupon.off_bps, cap_minor=coupon.cap_minor, eligible_minor=eligible,
        payable_minor=group.items.minor + group.shipping.minor,
    )  # fmt: skip
    if not minor:
        return replace(nothing, why="nothing")
    parts = {line.pk: part for line, part in zip(lines, spread(minor, weights), strict=True) if part}
    return Offer(coupon, Money(minor, coupon.currency), parts)


def is_for(coupon: Coupon, product: Product) -> bool:
    """Whether a coupon is for a product: all of its store, unless it names products or categories."""
    products = {row.pk for row in coupon.products.all()}
    categories = {pk for row in coupon.categories.all() for pk in (row.pk, *(child.pk for child in row.children.all()))}
    if not products and not categories:
        return product.store_id == coupon.store_id
    return product.pk in products or product.category_id in categories


def with_offers(
    view: CartView, *, user_id: UUID | None, now: datetime, codes: Mapping[UUID, str] | None = None
) -> CartView:
    """
    A cart with the coupons of its stores, each with the one order that would take it; nothing is taken off yet.

    ``codes``, store → code, are looked at as well although they may be over; private ones only if they were claimed.
    One query while no store has a coupon, five at most.
    """
    if not view.groups:
        return view
    asked = {code for code in (codes or {}).values() if code}
    rows = list(_with_goods(_offered([group.store.pk for group in view.groups], asked, user_id=user_id, now=now)))
    used = uses_of(user_id, [row.pk for row in rows]) if rows else {}
    groups = list(view.groups)
    for store_id in dict.fromkeys(group.store.pk for group in groups):
        mine = [row for row in rows if row.store_id == store_id]
        at = [index for index, group in enumerate(groups) if group.store.pk == store_id]
        judged = [_one_of(row, view.groups, at, used_by_me=used.get(row.pk, 0), now=now) for row in mine]
        judged.sort(key=lambda one: best_first(one[1]))
        for index in at:
            groups[index] = replace(groups[index], offers=tuple(offer for place, offer in judged if place == index))
        if judged and judged[0][1].applies:
            groups[judged[0][0]] = replace(groups[judged[0][0]], best=judged[0][1])
    return CartView(groups=tuple(groups))


def _one_of(
    coupon: Coupon, groups: Sequence[StoreGroup], at: Sequence[int], *, used_by_me: int, now: datetime
) -> tuple[int, Offer]:
    """
    In which of its store's orders a coupon would be taken, as the place of the group, and what it would take off.

    An order takes one coupon and a coupon goes to one order: where a store's goods become an order of each kind, it
    goes to the one where it takes off most, else to the one that misses least. Of two alike, to the first.
    """
    offers = [(index, judge(coupon, groups[index], used_by_me=used_by_me, now=now)) for index in at]
    return min(offers, key=lambda one: _nearest_first(one[1]))


def applied(view: CartView, codes: Mapping[UUID, str]) -> CartView:
    """
    A cart whose stores take off what was chosen: one code for a store, or none; and each in one of its orders.

    What does not apply takes nothing off; ``StoreGroup.coupon`` then says why. A code that is none of the store's is
    noted in its first group.
    """
    known = {(group.store.pk, offer.coupon.code) for group in view.groups for offer in group.offers}
    unknown = {store_id: code for store_id, code in codes.items() if code and (store_id, code) not in known}
    groups = []
    for group in view.groups:
        code = codes.get(group.store.pk, "")
        chosen = next((offer for offer in group.offers if offer.coupon.code == code), None)
        asked = code if chosen else unknown.pop(group.store.pk, "")
        groups.append(replace(group, coupon=chosen, asked_code=asked))
    return CartView(groups=tuple(groups))


def best_codes(view: CartView) -> dict[UUID, str]:
    """The coupon that takes off most, for each store that has one to offer."""
    return {group.store.pk: group.best.coupon.code for group in view.groups if group.best}


def best_first(offer: Offer) -> tuple[bool, int, datetime, str]:
    """What takes off most; of two alike, the one that is over sooner."""
    return not offer.applies, -offer.discount.minor, offer.coupon.ends_at, offer.coupon.code


def uses_of(user_id: UUID | None, coupon_ids: Collection[UUID]) -> dict[UUID, int]:
    """How often a person has each of these coupons reserved or spent. One query."""
    if user_id is None:
        return {}
    rows = CouponUse.objects.filter(user_id=user_id, coupon_id__in=coupon_ids).exclude(status=UseStatus.RETURNED)
    return dict(rows.values_list("coupon_id").annotate(Count("pk")).order_by())


def shown_in(store: Store, *, user_id: UUID | None, now: datetime, product: Product | None = None) -> list[Coupon]:
    """What a store offers everybody now, or will soon, all of it or for one product; ``is_mine``: taken already."""
    rows = Coupon.objects.filter(store=store, status=CouponStatus.RUNNING, is_public=True, ends_at__gt=now)
    if user_id is not None:
        rows = rows.annotate(is_mine=Exists(CouponClaim.objects.filter(coupon=OuterRef("pk"), user_id=user_id)))
    found = [row for row in _with_goods(rows.order_by("starts_at", "code")) if not row.is_used_up]
    return [row for row in found if product is None or is_for(row, product)][:MOST_SHOWN]


def claimed_by(user_id: UUID) -> QuerySet[CouponClaim]:
    """What a member has taken for later, the newest first."""
    rows = CouponClaim.objects.filter(user_id=user_id).exclude(coupon__status=CouponStatus.DRAFT)
    return rows.select_related("coupon__store").order_by("-at", "-pk")


def used_by(user_id: UUID, count: int = 50) -> list[CouponUse]:
    """Where a member's coupons went, the newest first."""
    rows = CouponUse.objects.filter(user_id=user_id).select_related("coupon__store", "order")
    return list(rows.order_by("-reserved_at", "-pk")[:count])


def elsewhere(code: str, *, store_id: UUID, user_id: UUID) -> Coupon | None:
    """A running coupon of this code in another store, as far as a member may know of it."""
    claims = CouponClaim.objects.filter(coupon=OuterRef("pk"), user_id=user_id)
    rows = Coupon.objects.filter(Q(is_public=True) | Q(Exists(claims)), code=code, status=CouponStatus.RUNNING)
    return rows.exclude(store_id=store_id).select_related("store").order_by("created_at", "pk").first()


def _offered(
    store_ids: Sequence[UUID], codes: Collection[str], *, user_id: UUID | None, now: datetime
) -> QuerySet[Coupon]:
    known = Q(is_public=True)
    if user_id is not None:
        known |= Q(Exists(CouponClaim.objects.filter(coupon=OuterRef("pk"), user_id=user_id)))
    open_ones = Q(status=CouponStatus.RUNNING, ends_at__gt=now)
    asked = Q(code__in=codes) & ~Q(status=CouponStatus.DRAFT)
    return Coupon.objects.filter(known, open_ones | asked if codes else open_ones, store_id__in=store_ids)


def _with_goods(rows: QuerySet[Coupon]) -> QuerySet[Coupon]:
    return rows.prefetch_related(
        Prefetch("products", Product.objects.only("pk")),
        Prefetch("categories", Category.objects.prefetch_related("children")),
    )


def _nearest_first(offer: Offer) -> tuple[bool, int, bool, int]:
    """What takes off most; else what would apply with the least more."""
    missing = offer.missing.minor if offer.missing else 0
    return not offer.applies, -offer.discount.minor, offer.missing is None, missing
