"""The shop window: home, lists, one product, one store."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from core import clock
from core.guards import public
from escrow.queries.passing_on import how_held
from shop.forms import filters as filters_of
from shop.forms.filters import Filters, read_filters
from shop.models import Category, Product, Store
from shop.queries import catalogue
from shop.queries.coupons import shown_in
from shop.queries.stores import lately_of, store_by_slug
from shop.queries.vetting import seen_licence
from shop.states import ProductStatus, StoreStatus
from shop.views.buyer_coupons import Ticket, shown
from shop.views.product_page import product_page


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Categories, the guarantee, what sells and what is new. Three queries."""
    context = {
        "tree": catalogue.category_tree(),
        "popular": catalogue.most_sold(count=10),
        "fresh": catalogue.newest(count=10),
        "held": how_held(),
    }
    return render(request, "shop/home.html", context)


@public
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    tree = catalogue.category_tree()
    filters = read_filters(request.GET, tree=tree)
    return render(request, "shop/search.html", _list_context(filters, tree))


@public
@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    tree = catalogue.category_tree()
    found = catalogue.branch_of(tree, slug=slug)
    if found is None:
        raise Http404
    filters = read_filters(request.GET, tree=tree, slug=slug)
    context = _list_context(filters, tree, inside=found[0])
    context |= {"category": found[1], "crumbs": _crumbs(found[1])}
    return render(request, "shop/category.html", context)


@public
@require_safe
def product(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One product; what is not for sale any more says so in words, with the status of something gone."""
    found = catalogue.product_for_page(pk=pk)
    if found is None:
        raise Http404
    was_seen = found.status == ProductStatus.LISTED or found.listed_at is not None
    is_preview = not was_seen and bool(found.store.role_of(request.user.pk))
    if not (was_seen or is_preview):
        raise Http404
    page = product_page(found, is_preview=is_preview, now=clock.now())
    shows = page.can_buy and getattr(found, "has_coupons", False)
    context = {
        "page": page, "product": found, "crumbs": _crumbs(found.category, with_itself=True), "held": how_held(),
        "tickets": _tickets(request, found.store, product=found) if shows else [],
    }  # fmt: skip
    return render(request, "shop/product.html", context, status=200 if page.is_seen else 404)


@public
@require_safe
def store(request: HttpRequest, slug: str) -> HttpResponse:
    found = store_by_slug(slug=slug)
    if found is None or (found.status == StoreStatus.APPLYING and not found.role_of(request.user.pk)):
        raise Http404
    tree = catalogue.category_tree()
    filters = read_filters(request.GET, tree=tree, store_id=found.pk)
    context = _list_context(filters, tree)
    context |= {"store": found, "numbers": lately_of(store_id=found.pk, now=clock.now())}
    context["tickets"] = _tickets(request, found) if found.sells else []
    context["licence"] = seen_licence(found.pk)
    return render(request, "shop/store.html", context)


def _tickets(request: HttpRequest, store: Store, *, product: Product | None = None) -> list[Ticket]:
    """The coupons that a store shows, one query while it has none."""
    return shown(shown_in(store, user_id=request.user.pk, now=clock.now(), product=product))


def _list_context(
    filters: Filters, tree: list[catalogue.Branch], *, inside: catalogue.Branch | None = None
) -> dict[str, Any]:
    page = catalogue.page_of(filters.wish, number=filters.page)
    context: dict[str, Any] = {"filters": filters, "page": page, "found": _found(page), "inside": inside}
    context |= {"sorts": filters_of.sort_links(filters), "prices": filters_of.price_links(filters)}
    context |= {"categories": filters_of.category_links(filters, tree=tree, inside=inside)}
    context |= {"free_link": filters_of.free_shipping_link(filters)}
    if not page.object_list:
        context["near"] = catalogue.nearby_categories(filters.text, tree=tree)
        context["shorter"] = catalogue.shorter_queries(filters.text)
    return context


def _crumbs(category: Category | catalogue.Shelf, *, with_itself: bool = False) -> list[tuple[str, str]]:
    """The way from the shop window to a category, as words and places."""
    steps = [category.parent] if category.parent else []
    steps += [category] if with_itself else []
    ways = [(step.display_name, reverse("shop:category", args=[step.slug])) for step in steps]
    return [(_("Home"), reverse("shop:home")), *ways]


def _found(page: Any) -> str:
    if page.paginator.is_capped:
        return _("More than %(n)s products") % {"n": f"{catalogue.COUNTED:,}"}
    count = page.paginator.count
    return ngettext("%(n)s product", "%(n)s products", count) % {"n": f"{count:,}"}
