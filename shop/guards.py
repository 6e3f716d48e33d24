"""The merchant's door."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase

from core.guards import View, named, to_login
from shop.models import Store
from shop.queries.stores import store_of


class MerchantRequest(HttpRequest):
    """What a view behind ``merchant`` gets: the store of the signed-in person."""

    store: Store


def merchant(view: View) -> View:
    """Who has a store, which is handed on as ``request.store``; 404 for everybody else."""

    @wraps(view)
    def door(request: MerchantRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_login(request)
        store = store_of(user_id=request.user.pk)
        if store is None:
            raise Http404
        request.store = store
        return view(request, *args, **kwargs)

    return named(door, "merchant")
