"""Coupons in words: what they take off, from when to when, and for what."""

from __future__ import annotations

from django.utils.translation import gettext as _

from core.money import Money
from core.wording import when
from shop.models import Coupon


def off_words(coupon: Coupon) -> str:
    """``¥10.00 off``, ``15% off, at most ¥30.00``."""
    if coupon.off_minor is not None:
        return _("%(amount)s off") % {"amount": Money(coupon.off_minor, coupon.currency)}
    words = {"share": share_words(coupon.off_bps or 0)}
    if coupon.cap_minor is None:
        return _("%(share)s off") % words
    return _("%(share)s off, at most %(cap)s") % {**words, "cap": Money(coupon.cap_minor, coupon.currency)}


def share_words(bps: int) -> str:
    """Basis points as a share in plain digits: ``15%``, ``7.5%``."""
    whole, rest = divmod(bps, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + "%"


def from_words(coupon: Coupon) -> str:
    """Which sum it takes, of which goods."""
    limited = bool(coupon.products.all() or coupon.categories.all())
    if not coupon.minimum_minor:
        return _("on chosen goods") if limited else _("on everything in the store")
    words = _("from %(least)s of chosen goods") if limited else _("from %(least)s")
    return words % {"least": coupon.minimum}


def span_words(coupon: Coupon) -> str:
    return _("%(start)s until %(end)s") % {"start": when(coupon.starts_at), "end": when(coupon.ends_at)}
