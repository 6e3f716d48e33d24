"""What every page may show. Lazy: a page that does not ask, does not pay."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.queries.notices import unread_count
from shop.queries.carts import cart_count
from shop.queries.stores import store_of


def site(request: HttpRequest) -> dict[str, Any]:
    """Site-wide names: SANDBOX, SITE_NAME, FOOTER, cart_count, unread_count, my_store, is_mediator."""
    user = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    return {
        "SANDBOX": settings.SANDBOX,
        "SITE_NAME": settings.SITE_NAME,
        "FOOTER": settings.FOOTER,
        "cart_count": SimpleLazyObject(lambda: cart_count(request)),
        "unread_count": SimpleLazyObject(lambda: unread_count(user_id=user.pk) if known and user else 0),
        "my_store": SimpleLazyObject(lambda: store_of(user_id=user.pk) if known and user else None),
        "is_mediator": bool(known and getattr(user, "is_mediator", False)),
    }
