"""The merchant's coupons: the list with its numbers, writing one, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.confirming import ensure
from accounts.services.step_up import Act as Confirmed
from accounts.services.step_up import digest_of
from core import clock
from core.errors import DomainError, Invalid
from core.exports import csv_file
from core.http import actor_of, is_own_place
from shop.forms.coupons import CouponForm, initial_of
from shop.guards import MerchantRequest, merchant
from shop.models import Coupon
from shop.queries import store_coupons
from shop.queries.catalogue import category_tree
from shop.roles import Act
from shop.services import coupon_terms
from shop.services.price_cuts import coupon_cut, is_deep
from shop.states import CouponStatus
from shop.views.merchant_coupon_rows import coupon_rows, row_of

PER_PAGE = 30
SAID = {
    CouponStatus.RUNNING: gettext_lazy("It runs now. Its terms cannot be changed any more, only paused or ended."),
    CouponStatus.PAUSED: gettext_lazy("Paused: nobody can use it until you go on. Orders that have it keep it."),
    CouponStatus.ENDED: gettext_lazy("Ended. Orders that have it keep it."),
}
EXPORT_HEAD = (
    gettext_lazy("Code"), gettext_lazy("Name of the coupon"), gettext_lazy("State"), gettext_lazy("Takes off"),
    gettext_lazy("From a sum of"), gettext_lazy("From"), gettext_lazy("Until"), gettext_lazy("Uses in all"),
    gettext_lazy("Taken by members"), gettext_lazy("Reserved"), gettext_lazy("Used"), gettext_lazy("Given back"),
    gettext_lazy("Sum taken off"), gettext_lazy("Currency"),
)  # fmt: skip


@merchant(Act.PRODUCTS)
@require_safe
def coupons(request: MerchantRequest) -> HttpResponse:
    """A store's coupons, those that are not over first."""
    page = Paginator(store_coupons.coupons_of(request.store.pk), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": coupon_rows(page, now=clock.now())}
    return render(request, "merchant/coupons.html", context)


@merchant(Act.PRODUCTS)
@require_safe
def export(request: MerchantRequest) -> HttpResponseBase:
    """All of them with their numbers, as a file."""
    return csv_file("coupons.csv", EXPORT_HEAD, _lines(request.store.pk))


@merchant(Act.PRODUCTS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MerchantRequest) -> HttpResponse:
    """Write one; it begins as a draft."""
    form = CouponForm(request.POST or None, store=request.store, tree=category_tree())
    if request.method != "POST" or not form.is_valid():
        return _form(request, form)
    try:
        made = coupon_terms.create(store=request.store, terms=form.terms, actor=actor_of(request), now=clock.now())
    except DomainError as refusal:
        form.show(refusal)
        return _form(request, form)
    return _saved(request, made)


@merchant(Act.PRODUCTS)
@require_http_methods(["GET", "HEAD", "POST"])
def coupon(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """One coupon: a form while it is a draft, afterwards what came of it."""
    found = store_coupons.coupon_of(store_id=request.store.pk, pk=pk)
    given: dict[str, Any] = {"initial": initial_of(found), "store": request.store, "tree": category_tree()}
    form = CouponForm(request.POST if request.method == "POST" else None, **given)
    if request.method != "POST" or not form.is_valid():
        return _form(request, form, found)
    try:
        coupon_terms.change(store_id=request.store.pk, coupon_id=pk, terms=form.terms, actor=actor_of(request))
    except DomainError as refusal:
        form.show(refusal)
        return _form(request, form, found)
    return _saved(request, found)


@merchant(Act.PRODUCTS)
@require_POST
def status(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """Start, pause, go on, end."""
    target = request.POST.get("status", "")
    if target not in CouponStatus.values:
        raise Invalid
    _move(request, pk, target)
    back = request.POST.get("next", "")
    if is_own_place(request, back):
        return redirect(back)
    return redirect("merchant:coupon", pk)


def _form(request: HttpRequest, form: CouponForm, coupon: Coupon | None = None) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "coupon": coupon}
    if coupon is not None:
        context |= {"row": row_of(coupon, now=clock.now()), "uses": store_coupons.uses_of(coupon.pk)}
    return render(request, "merchant/coupon.html", context, status=422 if form.errors else 200)


def _saved(request: MerchantRequest, coupon: Coupon) -> HttpResponse:
    if "start" in request.POST:
        _move(request, coupon.pk, CouponStatus.RUNNING)
    else:
        messages.success(request, _("Saved as a draft: nobody else sees it until you start it."))
    return redirect("merchant:coupon", coupon.pk)


def _move(request: MerchantRequest, pk: UUID, target: str) -> None:
    with transaction.atomic():
        coupon = coupon_terms.move(
            store_id=request.store.pk, coupon_id=pk, target=target, actor=actor_of(request), now=clock.now()
        )
        if target == CouponStatus.RUNNING and is_deep(coupon_cut(coupon)):
            terms = (coupon.off_minor, coupon.off_bps, coupon.cap_minor, coupon.minimum_minor, coupon.use_limit)
            ensure(request, Confirmed("price_cut", target=digest_of(pk, *terms, coupon_cut(coupon))))
    messages.success(request, str(SAID[CouponStatus(target)]))


def _lines(store_id: UUID) -> Iterator[tuple[object, ...]]:
    for row in coupon_rows(store_coupons.coupons_of(store_id), now=clock.now()):
        one, n = row.coupon, row.numbers
        yield (
            one.code, one.display_name, one.get_status_display(), row.off, one.minimum.digits, one.starts_at,
            one.ends_at, one.use_limit, n.claimed, n.reserved, n.spent, n.returned, n.amount.digits, one.currency,
        )  # fmt: skip
