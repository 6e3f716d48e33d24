"""Coupons of the demo's stores: some that run, one that is known by its code, one that is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from core import clock
from core.actor import Actor
from shop.models import Coupon, Product, Store
from shop.services import coupon_terms, coupons
from shop.services.coupon_terms import Terms

SHORT, LONG = 20, 90  # days from when the demo is made


def seed_coupons(
    users: Mapping[str, User], products: Mapping[str, Product], *, opened: datetime, now: datetime
) -> None:
    """Write and start them when the stores opened; a buyer has taken one."""
    stores = list(dict.fromkeys(product.store_id for product in products.values()))
    with clock.at(opened):
        made = [_start(store_id, terms, now=opened) for store_id, terms in _plan(stores, opened=opened, now=now)]
    with clock.at(now - timedelta(days=3)):
        coupons.collect(user_id=users["lin-xiao"].pk, coupon_id=made[0].pk, now=clock.now())


def _plan(stores: list[UUID], *, opened: datetime, now: datetime) -> list[tuple[UUID, Terms]]:
    first, second, third, *_ = [*stores, stores[0], stores[0]]
    end = _midnight(now + timedelta(days=LONG))
    soon = _midnight(now + timedelta(days=SHORT))
    return [
        (first, Terms(
            code="WINTER10", name="冬日立减", name_en="Ten off for winter", off_minor=1_000, minimum_minor=5_000,
            starts_at=opened, ends_at=end, use_limit=500, per_member=20,
        )),
        (first, Terms(
            code="WELCOME15", name="新客八五折", name_en="Fifteen per cent to begin with", off_bps=1_500,
            cap_minor=3_000, starts_at=opened, ends_at=end, use_limit=200, is_public=False,
        )),
        (second, Terms(
            code="TENTH", name="九折券", name_en="A tenth off", off_bps=1_000, cap_minor=2_000, minimum_minor=3_000,
            starts_at=opened, ends_at=soon, use_limit=300, per_member=20,
        )),
        (third, Terms(
            code="BIG50", name="满三百减五十", name_en="Fifty off from three hundred", off_minor=5_000,
            minimum_minor=30_000, starts_at=opened, ends_at=end, use_limit=100,
        )),
        (third, Terms(
            code="SPRING5", name="春日五元券", name_en="Five off in spring", off_minor=500, starts_at=opened,
            ends_at=opened + timedelta(days=30), per_member=20,
        )),
    ]  # fmt: skip


def _start(store_id: UUID, terms: Terms, *, now: datetime) -> Coupon:
    store = Store.objects.get(pk=store_id)
    actor = Actor(user_id=store.owner_id)
    coupon = coupon_terms.create(store=store, terms=terms, actor=actor, now=now)
    return coupon_terms.move(store_id=store.pk, coupon_id=coupon.pk, target="running", actor=actor, now=now)


def _midnight(at: datetime) -> datetime:
    return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
