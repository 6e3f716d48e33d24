"""
Using coupons: taken for later, reserved with an order, spent when it is paid, given back with it.

The coupon's row decides: an UPDATE that only succeeds while it runs, is in time and has uses left. It also lets two
orders of one person wait for each other, so that his own uses can be counted. Coupons are locked after products and
variants and in the order of their ids, so that no two checkouts wait for each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext

from core import limits
from core.actor import Actor
from core.errors import TooMany
from core.prepared import Blank, Change
from core.transitions import advance
from shop.errors import CouponRefused, NoSuchCoupon
from shop.models import Coupon, CouponClaim, CouponUse, Order
from shop.queries.coupons import Offer, elsewhere, reason_of, why_not
from shop.states import COUPON_USE, CouponStatus, UseStatus

_CODE = re.compile(r"\A[A-Z0-9]{3,20}\Z", re.ASCII)

_TAKING = Change(
    lambda: (
        Coupon.objects.filter(
            Q(use_limit__isnull=True) | Q(used__lt=F("use_limit")),
            pk=Blank("pk"),
            status=CouponStatus.RUNNING,
            starts_at__lte=Blank("now"),
            ends_at__gt=Blank("now"),
        ),
        {"used": F("used") + 1},
    )
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order that was just written, and the coupon it was priced with."""

    order: Order
    offer: Offer


def code_of(raw: object) -> str:
    """A code as it is kept, whatever the case and blanks it was typed with; empty if it can be none."""
    code = "".join(raw.split()).upper() if isinstance(raw, str) and len(raw) < 100 else ""
    return code if _CODE.match(code) else ""


def claim(*, user_id: UUID, store_id: UUID, code: str, now: datetime) -> Coupon:
    """
    Take a coupon for later by its code; twice is once.

    Each try with a code that the person does not know yet counts, so that codes cannot be guessed. Call it outside
    transactions: a refused try must stay counted.

    :raises TooMany: if too many codes were tried
    :raises NoSuchCoupon: if the store has none of this code
    :raises CouponRefused: if it has ended
    """
    found = Coupon.objects.filter(store_id=store_id, code=code).exclude(status=CouponStatus.DRAFT).first()
    if found is None or not (found.is_public or found.claims.filter(user_id=user_id).exists()):
        rates = limits.rates_of(settings.API_RATES["coupon"])
        if limits.spend(name="coupon", who=f"member:{user_id}", rates=rates):
            raise TooMany
    if found is None:
        other = elsewhere(code, store_id=store_id, user_id=user_id) if code else None
        raise NoSuchCoupon(_of_another_store(other)) if other else NoSuchCoupon
    _keep(found, user_id=user_id, now=now)
    return found


def collect(*, user_id: UUID, coupon_id: UUID, now: datetime) -> Coupon:
    """
    Take a coupon for later that is shown to everybody; twice is once.

    :raises NoSuchCoupon: if it is not shown
    :raises CouponRefused: if it has ended
    """
    found = Coupon.objects.filter(pk=coupon_id, is_public=True).exclude(status=CouponStatus.DRAFT).first()
    if found is None:
        raise NoSuchCoupon
    _keep(found, user_id=user_id, now=now)
    return found


@transaction.atomic
def reserve(*, wants: Sequence[Wanted], expires_at: datetime, now: datetime) -> None:
    """
    Take one use of each coupon for its order, all or none; call it in the transaction that writes the orders.

    :raises CouponRefused: if somebody was faster, or it has stopped meanwhile
    """
    for want in sorted(wants, key=lambda one: one.offer.coupon.pk):
        coupon, order = want.offer.coupon, want.order
        if not _TAKING.apply(pk=coupon.pk, now=now):
            raise _refused(coupon.pk, order.buyer_id, now=now)
        turn = _free_turn(coupon, order.buyer_id)
        if turn is None:
            raise CouponRefused(reason_of(coupon, "used_by_you"), coupon=coupon.code)
        CouponUse.objects.create(
            coupon=coupon, order=order, user_id=order.buyer_id, turn=turn, amount_minor=want.offer.discount.minor,
            currency=coupon.currency, reserved_at=now, expires_at=expires_at,
        )  # fmt: skip


def spend(*, order: Order, actor: Actor, now: datetime) -> None:
    """The order is paid: its use is spent."""
    if order.coupon_code:
        use = CouponUse.objects.get(order=order)
        advance(use, UseStatus.SPENT, machine=COUPON_USE, actor=actor, reason="paid", spent_at=now)


@transaction.atomic
def give_back(*, orders: Iterable[Order], actor: Actor, reason: str, now: datetime) -> None:
    """
    Return the uses of locked orders that ended unpaid, or whose whole money goes back. What is back stays back.

    Call it after the goods are taken back: coupons are locked last.
    """
    ids = [order.pk for order in orders if order.coupon_code]
    uses = CouponUse.objects.filter(order_id__in=ids).exclude(status=UseStatus.RETURNED) if ids else []
    for use in sorted(uses, key=lambda one: one.coupon_id):
        advance(use, UseStatus.RETURNED, machine=COUPON_USE, actor=actor, reason=reason, returned_at=now)
        Coupon.objects.filter(pk=use.coupon_id).update(used=F("used") - 1)


def _free_turn(coupon: Coupon, user_id: UUID) -> int | None:
    """The coupon's row is locked: nobody else counts at the same time."""
    live = CouponUse.objects.filter(coupon=coupon, user_id=user_id).exclude(status=UseStatus.RETURNED)
    taken = set(live.values_list("turn", flat=True))
    return next((turn for turn in range(1, coupon.per_member + 1) if turn not in taken), None)


def _keep(coupon: Coupon, *, user_id: UUID, now: datetime) -> None:
    why = why_not(coupon, used_by_me=0, now=now)
    if why in ("over", "ended"):
        raise CouponRefused(reason_of(coupon, why), coupon=coupon.code)
    CouponClaim.objects.get_or_create(coupon=coupon, user_id=user_id, defaults={"at": now})


def _refused(coupon_id: UUID, user_id: UUID, *, now: datetime) -> CouponRefused:
    fresh = Coupon.objects.get(pk=coupon_id)
    why = why_not(fresh, used_by_me=0, now=now) or "used_up"
    return CouponRefused(reason_of(fresh, why), coupon=fresh.code)


def _of_another_store(other: Coupon) -> str:
    words = gettext("%(code)s is a coupon of another store: %(store)s.")
    return words % {"code": other.code, "store": other.store.display_name}
