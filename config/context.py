"""What every page may show. Lazy: a page that does not ask, does not pay."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Notice, User
from accounts.news import announcements_for
from accounts.passkeys import are_possible
from core.prepared import Blank, Prepared
from escrow.models import PayoutStop
from escrow.queries import stop_in_force
from shop.guards import chosen_store
from shop.models import CartLine, Store, StoreMember
from shop.queries.carts import SESSION_CART, cart_count


def site(request: HttpRequest) -> dict[str, Any]:
    """
    Site-wide names: SANDBOX, SITE_NAME, FOOTER, THIRD_PARTY, ANNOUNCEMENTS, cart_count, unread_count, my_store,
    is_mediator.
    """
    user = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    waiting = SimpleLazyObject(lambda: _waiting(request))
    return {
        "SANDBOX": settings.SANDBOX,
        "SITE_NAME": settings.SITE_NAME,
        "FOOTER": settings.FOOTER,
        "CAN_PASSKEY": SimpleLazyObject(are_possible),
        "THIRD_PARTY": settings.SOCIALACCOUNT_PROVIDERS,
        "ANNOUNCEMENTS": SimpleLazyObject(
            lambda: announcements_for(request, has_store=bool(known and waiting[2])) if user is not None else []
        ),
        "cart_count": SimpleLazyObject(lambda: waiting[0] if known else cart_count(request)),
        "unread_count": SimpleLazyObject(lambda: waiting[1] if known else 0),
        "has_store": SimpleLazyObject(lambda: waiting[2] if known else False),
        "my_store": getattr(request, "store", None)  # shop.guards.merchant has looked it up
        or SimpleLazyObject(lambda: chosen_store(request) if known else None),
        "is_mediator": bool(known and getattr(user, "is_mediator", False)),
        # The console's banner; that there is none is known without asking once more.
        "payout_stop": SimpleLazyObject(lambda: stop_in_force() if known and waiting[3] else None),
    }


def _waiting(request: HttpRequest) -> tuple[int, int, bool, bool]:
    """
    A member's cart and inbox, whether he has a store, and whether payouts are stopped, in one query: every page's head
    shows the first three.
    """
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    token = (request.session.get(SESSION_CART) or "") if has_session else ""
    found = (_WAITING_WITH_CART if token else _WAITING).first(user=request.user.pk, token=token)
    return found or (0, 0, False, False)


def _waiting_for(lines: QuerySet[Any]) -> QuerySet[Any, tuple[int, int, bool, bool]]:
    user = Blank("user")
    counts = (_count(lines, "variant"), _count(Notice.objects.filter(user=user, read_at__isnull=True), "pk"))
    stops = PayoutStop.objects.filter(in_force=True)
    return User.objects.filter(pk=user).values_list(*counts, _has_store(user), Exists(stops))


def _has_store(user: Blank) -> ExpressionWrapper:
    works_there = StoreMember.objects.filter(user=user, left_at__isnull=True)
    either = Q(Exists(Store.objects.filter(owner=user))) | Q(Exists(works_there))
    return ExpressionWrapper(either, output_field=BooleanField())


_WAITING = Prepared(lambda: _waiting_for(CartLine.objects.filter(cart__user=Blank("user"))))
_WAITING_WITH_CART = Prepared(
    lambda: _waiting_for(CartLine.objects.filter(Q(cart__user=Blank("user")) | Q(cart__token=Blank("token"))))
)


def _count(rows: QuerySet[Any], column: str) -> Coalesce:
    numbered = rows.order_by().annotate(one=Value(1)).values("one").annotate(n=Count(column, distinct=True))
    return Coalesce(Subquery(numbered.values("n")), 0)
