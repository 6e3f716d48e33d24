"""The record of an order with its evidence, for either party, as one file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.requests import MemberRequest
from core import clock
from core.archives import zip_file
from core.errors import TooMany
from core.guards import member
from core.limits import rates_of, spend
from flows.bundles import bundle_of
from shop.guards import MerchantRequest, merchant
from shop.models import Order
from shop.queries.orders import order_for_buyer, order_for_store

RATES = rates_of("10/m,100/h")


@member
@require_safe
def of_buyer(request: MemberRequest, number: str) -> HttpResponseBase:
    """What the buyer may take home of his order."""
    return _sent(order_for_buyer(request.user.pk, number), request)


@merchant
@require_safe
def of_merchant(request: MerchantRequest, number: str) -> HttpResponseBase:
    """What the merchant may take home of it: the same."""
    return _sent(order_for_store(request.store.pk, number), request)


def _sent(order: Order, request: HttpRequest) -> HttpResponseBase:
    if spend(name="bundle", who=str(request.user.pk), rates=RATES):
        raise TooMany
    now = clock.now()
    return zip_file(f"{order.number}.zip", bundle_of(order, now=now), at=now)
