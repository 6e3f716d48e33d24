"""What every page may show. Lazy: a page that does not ask, does not pay."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.queries.notices import unread
from shop.queries.carts import SESSION_CART, cart_count, lines_between
from shop.queries.stores import store_of

NOBODY = UUID(int=0)
NO_TOKEN = "-"  # noqa: S105  stands for one; none is this short


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
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    token = (request.session.get(SESSION_CART) or "") if has_session else ""
    sql, blanks = _waiting_sql(with_token=bool(token))
    given = {_db_id(NOBODY): _db_id(request.user.pk), NO_TOKEN: token}
    with connection.cursor() as cursor:
        cursor.execute(sql, [given.get(value, value) for value in blanks])
        in_cart, in_inbox = cursor.fetchone()
    return in_cart, in_inbox


@lru_cache(maxsize=2)
def _waiting_sql(*, with_token: bool) -> tuple[str, tuple[Any, ...]]:
    """That query with blanks for who asks. Building it anew for each page would cost more than asking it."""
    lines = lines_between(token=NO_TOKEN if with_token else "", user_id=NOBODY)
    counts = User.objects.filter(pk=NOBODY).values_list(_count(lines, "variant"), _count(unread(user_id=NOBODY), "pk"))
    sql, blanks = counts.query.sql_with_params()
    return sql, tuple(_db_id(value) if isinstance(value, UUID) else value for value in blanks)


def _db_id(user_id: UUID | None) -> Any:
    """A member's id as this database writes it."""
    return User._meta.pk.get_db_prep_value(user_id, connection)


def _count(rows: QuerySet[Any], column: str) -> Coalesce:
    numbered = rows.order_by().annotate(one=Value(1)).values("one").annotate(n=Count(column, distinct=True))
    return Coalesce(Subquery(numbered.values("n")), 0)
