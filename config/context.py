"""What every page may show. Lazy: a page that does not ask, does not pay."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.queries.notices import unread
from shop.models import CartLine
from shop.queries.carts import cart_count, lines_of
from shop.queries.stores import store_of


def site(request: HttpRequest) -> dict[str, Any]:
    """Site-wide names: SANDBOX, SITE_NAME, FOOTER, cart_count, unread_count, my_store, is_mediator."""
    user = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    waiting = SimpleLazyObject(lambda: _waiting(request))
    return {
        "SANDBOX": settings.SANDBOX,
        "SITE_NAME": settings.SITE_NAME,
        "FOOTER": settings.FOOTER,
        "cart_count": SimpleLazyObject(lambda: waiting[0] if known else cart_count(request)),
        "unread_count": SimpleLazyObject(lambda: waiting[1] if known else 0),
        "my_store": getattr(request, "store", None)  # shop.guards.merchant has looked it up
        or SimpleLazyObject(lambda: store_of(user_id=user.pk) if known and user else None),
        "is_mediator": bool(known and getattr(user, "is_mediator", False)),
    }


def _waiting(request: HttpRequest) -> tuple[int, int]:
    """How much lies in a member's cart and in his inbox, in one query: every page's head shows both."""
    lines = lines_of(request)
    lines = CartLine.objects.none() if lines is None else lines
    user_id = request.user.pk
    assert user_id is not None
    counts = User.objects.filter(pk=user_id).values_list(
        _count(lines, "variant"), _count(unread(user_id=user_id), "pk")
    )
    return counts.get()


def _count(rows: QuerySet[Any], column: str) -> Coalesce:
    numbered = rows.order_by().annotate(one=Value(1)).values("one").annotate(n=Count(column, distinct=True))
    return Coalesce(Subquery(numbered.values("n")), 0)
