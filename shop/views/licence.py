"""Who is behind a store: the business licence as we have seen it, for anybody (M1)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.guards import public
from shop.models import StoreKind
from shop.queries.stores import store_by_slug
from shop.queries.vetting import application_of, seen_licence
from shop.services.viewing import numbers_of
from shop.states import StoreStatus


@public
@require_safe
def licence(request: HttpRequest, slug: str) -> HttpResponse:
    """Name, number and date of the licence: a business's number is public by law, a person's stays sealed."""
    store = store_by_slug(slug=slug)
    seen = seen_licence(store.pk) if store and store.status != StoreStatus.APPLYING else None
    application = application_of(store) if store else None
    if store is None or seen is None or application is None:
        raise Http404
    context = {
        "store": store, "seen": seen, "application": application,
        "number": numbers_of(application).get("licence_number", ""),
        "is_company": application.kind == StoreKind.COMPANY,
    }  # fmt: skip
    return render(request, "shop/licence.html", context)
