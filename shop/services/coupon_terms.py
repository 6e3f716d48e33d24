"""What a merchant does with his coupons: write, start, pause, end. Each act stands in the audit trail (R1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import standing
from core import audit, deadlines
from core.actor import SYSTEM, Actor
from core.errors import Invalid
from core.transitions import advance
from shop.errors import CodeTaken, CouponsFull, NoSuchCoupon, TermsAreFixed
from shop.models import Category, Coupon, Product, Store
from shop.services.coupons import code_of
from shop.states import COUPON, CouponStatus

MOST_OPEN = 50  # as many are looked at for each cart of the store
END = "coupon.end"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a coupon promises. One of ``off_minor`` and ``off_bps``; both lists empty: all goods of the store."""

    code: str
    name: str
    starts_at: datetime
    ends_at: datetime
    name_en: str = ""
    off_minor: int | None = None
    off_bps: int | None = None
    cap_minor: int | None = None
    minimum_minor: int = 0
    use_limit: int | None = None
    per_member: int = 1
    is_public: bool = True
    product_ids: Sequence[UUID] = field(default=())
    category_ids: Sequence[int] = field(default=())

    @property
    def columns(self) -> dict[str, Any]:
        given = asdict(self)
        return {name: value for name, value in given.items() if name not in ("product_ids", "category_ids")}


@transaction.atomic
def create(*, store: Store, terms: Terms, actor: Actor, now: datetime) -> Coupon:
    """
    Write a coupon; it is a draft, which nobody else sees, until it is started.

    :raises CodeTaken: if the store has one of this code
    :raises CouponsFull: if it has too many that are not over
    """
    Store.objects.select_for_update(no_key=True).get(pk=store.pk)
    if Coupon.objects.filter(store=store).exclude(status=CouponStatus.ENDED).count() >= MOST_OPEN:
        raise CouponsFull(limit=MOST_OPEN)
    coupon = Coupon(store=store, currency=store.currency, created_at=now)
    _write(coupon, terms)
    _record("coupon.created", coupon, actor=actor)
    return coupon


@transaction.atomic
def change(*, store_id: UUID, coupon_id: UUID, terms: Terms, actor: Actor) -> Coupon:
    """
    Write a draft anew.

    :raises NoSuchCoupon: if it is not this store's
    :raises TermsAreFixed: if it has been started
    :raises CodeTaken: if the store has another one of this code
    """
    coupon = _locked(store_id, coupon_id)
    if coupon.status != CouponStatus.DRAFT:
        raise TermsAreFixed
    was = terms_of(coupon)
    _write(coupon, terms)
    _record("coupon.changed", coupon, actor=actor, was=was)
    return coupon


@transaction.atomic
def move(*, store_id: UUID, coupon_id: UUID, target: str, actor: Actor, now: datetime) -> Coupon:
    """
    Start, pause, go on with or end a coupon. Uses that orders have reserved or spent stay theirs.

    :raises NoSuchCoupon: if it is not this store's
    :raises AccountLimited: if it would be started by somebody whose account may change no prices
    :raises IllegalTransition: if it cannot become that from what it is
    :raises Invalid: if it would be started when its time is over
    """
    coupon = _locked(store_id, coupon_id)
    if target == CouponStatus.RUNNING:
        standing.require(actor.user_id, "change_price")  # it lowers prices, as much as any
    if target == CouponStatus.RUNNING and now >= coupon.ends_at:
        raise Invalid(_("Its time is over: nobody could use it. Write another one."))
    advance(coupon, target, machine=COUPON, actor=actor, reason="merchant", facts={"terms": terms_of(coupon)})
    if target == CouponStatus.ENDED:
        deadlines.cancel(END, subject=coupon.pk)
    else:
        deadlines.schedule(END, subject=coupon.pk, due_at=coupon.ends_at)
    return coupon


def end_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: a coupon's time is over. Nobody could use it from that instant on; this says so."""
    for subject in subjects:
        with transaction.atomic():
            coupon = Coupon.objects.select_for_update(no_key=True).get(pk=subject)
            if coupon.status in (CouponStatus.RUNNING, CouponStatus.PAUSED):
                advance(coupon, CouponStatus.ENDED, machine=COUPON, actor=SYSTEM, reason="its time is over")
            deadlines.finish(END, subjects=[subject])


def terms_of(coupon: Coupon) -> dict[str, Any]:
    """The terms as JSON, for the audit trail."""
    names = ("code", "off_minor", "off_bps", "cap_minor", "minimum_minor", "use_limit", "per_member", "is_public")
    return {
        **{name: getattr(coupon, name) for name in names},
        "currency": coupon.currency,
        "starts_at": coupon.starts_at.isoformat(),
        "ends_at": coupon.ends_at.isoformat(),
        "products": sorted(str(pk) for pk in coupon.products.values_list("pk", flat=True)),
        "categories": sorted(coupon.categories.values_list("pk", flat=True)),
    }


def _locked(store_id: UUID, coupon_id: UUID) -> Coupon:
    coupon = Coupon.objects.select_for_update(no_key=True).filter(pk=coupon_id, store_id=store_id).first()
    if coupon is None:
        raise NoSuchCoupon
    return coupon


def _write(coupon: Coupon, terms: Terms) -> None:
    products = list(Product.objects.filter(pk__in=terms.product_ids, store_id=coupon.store_id))
    categories = list(Category.objects.filter(pk__in=terms.category_ids))
    if code_of(terms.code) != terms.code or len(products) < len(set(terms.product_ids)):
        raise Invalid
    for name, value in terms.columns.items():
        setattr(coupon, name, value)
    try:
        with transaction.atomic():
            coupon.save()
    except IntegrityError as fault:
        if Coupon.objects.filter(store_id=coupon.store_id, code=terms.code).exclude(pk=coupon.pk).exists():
            raise CodeTaken from fault
        raise Invalid from fault
    coupon.products.set(products)
    coupon.categories.set(categories)


def _record(act: str, coupon: Coupon, *, actor: Actor, was: dict[str, Any] | None = None) -> None:
    facts = {"store": str(coupon.store_id), "terms": terms_of(coupon), **({"was": was} if was else {})}
    audit.record(actor=actor, act=act, subject_type="coupon", subject=str(coupon.pk), facts=facts)
