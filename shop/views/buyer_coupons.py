"""A member's coupons: what he has taken, what he has used, and taking one that a store shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import MemberRequest
from core import clock
from core.guards import member
from core.http import is_own_place
from shop.errors import NoSuchCoupon
from shop.models import Coupon
from shop.queries import coupons as queries
from shop.services import coupons as services
from shop.views.coupon_words import off_words, span_words

PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class Ticket:
    """A coupon as a card prints it. ``why`` it cannot be used now."""

    coupon: Coupon
    off: str
    least: str
    span: str
    why: str = ""
    is_mine: bool = False


@member
@require_http_methods(["GET", "HEAD", "POST"])
def coupons(request: MemberRequest) -> HttpResponse:
    """What a member has; a POST takes one that a store shows to everybody."""
    if request.method == "POST":
        return _take(request)
    page = Paginator(queries.claimed_by(request.user.pk), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "tickets": _tickets(page, request.user.pk), "uses": queries.used_by(request.user.pk)}
    return render(request, "shop/my_coupons.html", context)


def shown(rows: list[Coupon]) -> list[Ticket]:
    """Coupons that a store shows, as cards."""
    now = clock.now()
    return [ticket(row, is_mine=getattr(row, "is_mine", False), used_by_me=0, now=now) for row in rows]


def ticket(coupon: Coupon, *, used_by_me: int, now: Any, is_mine: bool = True) -> Ticket:
    why = queries.why_not(coupon, used_by_me=used_by_me, now=now)
    least = _("from %(least)s") % {"least": coupon.minimum} if coupon.minimum_minor else ""
    words = queries.reason_of(coupon, why) if why else ""
    return Ticket(coupon, off_words(coupon), least, span_words(coupon), words, is_mine)


def _tickets(claims: Any, user_id: UUID) -> list[Ticket]:
    rows, now = [claim.coupon for claim in claims], clock.now()
    used = queries.uses_of(user_id, [row.pk for row in rows])
    return [ticket(row, used_by_me=used.get(row.pk, 0), now=now) for row in rows]


def _take(request: MemberRequest) -> HttpResponse:
    try:
        wanted = UUID(request.POST.get("coupon", ""))
    except ValueError as fault:
        raise NoSuchCoupon from fault
    taken = services.collect(user_id=request.user.pk, coupon_id=wanted, now=clock.now())
    name = taken.display_name
    messages.success(request, _("“%(name)s” is yours: the checkout offers it to you by itself.") % {"name": name})
    back = request.POST.get("next", "")
    return redirect(back if is_own_place(request, back) else "shop:my-coupons")
