"""A store's coupons as rows, ready to print."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from shop.models import Coupon
from shop.queries.store_coupons import Numbers, numbers_of
from shop.states import COUPON, CouponStatus
from shop.views.coupon_words import from_words, off_words, span_words

TONES = {"running": "safe", "paused": "wait", "draft": "quiet", "ended": "quiet"}


@dataclass(frozen=True, slots=True)
class Act:
    """A move to another state, as a button."""

    target: str
    label: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class CouponRow:
    coupon: Coupon
    off: str
    goods: str
    span: str
    state: str
    tone: str
    numbers: Numbers
    acts: list[Act]


def coupon_rows(coupons: Iterable[Coupon], *, now: datetime) -> list[CouponRow]:
    """Rows of the list; two queries for all their numbers."""
    found = list(coupons)
    numbers = numbers_of(found)
    return [_row(coupon, numbers[coupon.pk], now=now) for coupon in found]


def row_of(coupon: Coupon, *, now: datetime) -> CouponRow:
    return coupon_rows([coupon], now=now)[0]


def _row(coupon: Coupon, numbers: Numbers, *, now: datetime) -> CouponRow:
    state, tone = coupon.get_status_display(), TONES[coupon.status]
    if coupon.status == CouponStatus.RUNNING and now < coupon.starts_at:
        state, tone = _("Starts later"), "wait"
    elif coupon.status == CouponStatus.RUNNING and coupon.is_used_up:
        state, tone = _("All used"), "wait"
    return CouponRow(
        coupon=coupon,
        off=off_words(coupon),
        goods=from_words(coupon),
        span=span_words(coupon),
        state=state,
        tone=tone,
        numbers=numbers,
        acts=_acts(coupon),
    )


def _acts(coupon: Coupon) -> list[Act]:
    """What may be done with a coupon from where it is."""
    go_on = _("Go on") if coupon.status == CouponStatus.PAUSED else _("Start")
    words = {
        CouponStatus.RUNNING: Act("running", go_on, "primary"),
        CouponStatus.PAUSED: Act("paused", _("Pause")),
        CouponStatus.ENDED: Act("ended", _("End"), "danger"),
    }
    moves = COUPON.moves[CouponStatus(coupon.status)]
    return [act for target, act in words.items() if target in moves]
