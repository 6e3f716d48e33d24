"""Orders as buyers and merchants look for them."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from core.models import Policy
from core.money import BadAmount, parse
from core.policies import from_values
from shop.errors import NotYourOrder
from shop.models import Order, OrderLine, ProductVersion
from shop.states import OrderStatus

_S = OrderStatus
_TO_SHIP = Q(status=_S.PAID, in_case=False)
BUYER_TABS: dict[str, Q] = {
    "all": Q(),
    "to_pay": Q(status=_S.PENDING),
    "to_ship": _TO_SHIP,
    "to_receive": Q(status__in=(_S.SHIPPED, _S.DELIVERED), in_case=False),
    "after_sale": Q(in_case=True),
}
# "overdue" also depends on the time and each order's policy: see merchant_filter.
MERCHANT_VIEWS: dict[str, Q] = {
    "all": Q(),
    "unpaid": Q(status=_S.PENDING),
    "to_ship": _TO_SHIP,
    "overdue": _TO_SHIP,
    "shipped": Q(status=_S.SHIPPED, in_case=False),
    "delivered": Q(status=_S.DELIVERED, in_case=False),
    "after_sale": Q(in_case=True),
    "done": Q(status__in=(_S.COMPLETED, _S.REFUNDED, _S.CANCELLED)),
}
LONGEST_QUERY = 100


def buyer_orders(user_id: UUID, tab: str = "all", q: str = "") -> QuerySet[Order]:
    """A buyer's orders, those that wait for him first, then the newest; stores and lines come along."""
    found = Order.objects.filter(BUYER_TABS.get(tab, Q()), buyer_id=user_id)
    if q.strip():
        found = found.filter(_matches(q))
    waits = When(Q(status=_S.PENDING) | Q(status=_S.DELIVERED, in_case=False), then=Value(0))
    pinned = Case(waits, default=Value(1), output_field=IntegerField())
    return _with_lines(found).order_by(pinned, "-placed_at", "-id")


def buyer_tab_counts(user_id: UUID) -> dict[str, int]:
    """How many orders are on each tab. One query."""
    counts = {tab: Count("pk", filter=rule) if rule else Count("pk") for tab, rule in BUYER_TABS.items()}
    return Order.objects.filter(buyer_id=user_id).aggregate(**counts)


def merchant_orders(store_id: UUID, view: str = "all", q: str = "", *, now: datetime) -> QuerySet[Order]:
    """A store's orders, newest first; what must be shipped, longest waiting first. Buyers, holds, lines come along."""
    found = Order.objects.filter(merchant_filter(view, now=now), store_id=store_id)
    if q.strip():
        found = found.filter(_matches(q) | Q(address__phone__endswith=_clean(q)))
    order = ("paid_at", "id") if view in ("to_ship", "overdue") else ("-placed_at", "-id")
    return _with_lines(found).select_related("buyer", "hold").order_by(*order)


def merchant_view_counts(store_id: UUID, *, now: datetime) -> dict[str, int]:
    """How many orders are in each view. Two queries."""
    rules = {view: merchant_filter(view, now=now) for view in MERCHANT_VIEWS}
    counts = {view: Count("pk", filter=rule) if rule else Count("pk") for view, rule in rules.items()}
    return Order.objects.filter(store_id=store_id).aggregate(**counts)


def merchant_filter(view: str, *, now: datetime) -> Q:
    """The rule of a view. Overdue: the time to ship of the policy an order was bought under has passed."""
    rule = MERCHANT_VIEWS.get(view, Q())
    if view != "overdue":
        return rule
    late = Q(pk__in=[])
    for policy in Policy.objects.all():
        ship_by = from_values(policy.values).hours("ship_by_hours")
        late |= Q(policy_id=policy.pk, paid_at__lt=now - ship_by)
    return rule & late


def order_for_buyer(user_id: UUID, number: str) -> Order:
    """:raises NotYourOrder: if there is none of this number, or it is somebody else's"""
    return _one(Order.objects.select_related("store", "payment", "hold"), number, buyer_id=user_id)


def order_for_store(store_id: UUID, number: str) -> Order:
    """:raises NotYourOrder: if there is none of this number, or it is another store's"""
    return _one(Order.objects.select_related("store", "buyer", "payment", "hold"), number, store_id=store_id)


def promise_of(order_line: OrderLine) -> dict[str, Any]:
    """What the page promised when this line was bought; empty if the version is not on record."""
    versions = ProductVersion.objects.filter(product_id=order_line.product_id, version=order_line.promise_version)
    promise: dict[str, Any] = versions.values_list("promise", flat=True).first() or {}
    return promise


def _with_lines(found: QuerySet[Order]) -> QuerySet[Order]:
    return found.select_related("store").prefetch_related("lines")


def _one(rows: QuerySet[Order], number: str, **owner: UUID) -> Order:
    # Anything but digits cannot be a number of ours; PostgreSQL refuses some characters with an error of its own.
    order = rows.filter(number=number, **owner).first() if number.isascii() and number.isdigit() else None
    if order is None:
        raise NotYourOrder
    return order


def _clean(q: str) -> str:
    return q.replace("\x00", "").strip()[:LONGEST_QUERY]


def _matches(q: str) -> Q:
    """By order number, product, exact amount or tracking number."""
    text = _clean(q)
    lines = OrderLine.objects.filter(order=OuterRef("pk"))
    in_lines = Q(title__icontains=text) | Q(title_en__icontains=text)
    rule = Q(number__startswith=text) | Q(Exists(lines.filter(in_lines)))
    parcels = Order.objects.filter(pk=OuterRef("pk"), shipments__number__iexact=text)
    rule |= Q(Exists(parcels))
    with suppress(BadAmount):
        rule |= Q(total_minor=parse(text).minor)
    return rule
