"""Orders as buyers and merchants look for them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from core.models import Policy
from core.money import BadAmount, parse
from core.policies import rules_of
from core.prepared import Blank, Prepared
from shop.errors import NotYourOrder
from shop.models import Order, OrderLine, ProductVersion, Store
from shop.states import Kind, OrderStatus

_S = OrderStatus
_TO_SHIP = Q(status=_S.PAID, in_case=False)
BUYER_TABS: dict[str, Q] = {
    "all": Q(),
    "to_pay": Q(status=_S.PENDING),
    "to_ship": _TO_SHIP,
    "to_receive": Q(status__in=(_S.SHIPPED, _S.DELIVERED), in_case=False),
    "after_sale": Q(in_case=True),
}
# The states of each view, and whether an after-sale case is open (None: whether or not).
MERCHANT_STATES: dict[str, tuple[tuple[str, ...], bool | None]] = {
    "all": ((), None),
    "unpaid": ((_S.PENDING,), None),
    "to_ship": ((_S.PAID,), False),
    "overdue": ((_S.PAID,), False),  # also depends on the time and each order's policy: see merchant_filter
    "shipped": ((_S.SHIPPED,), False),
    "delivered": ((_S.DELIVERED,), False),
    "after_sale": ((), True),
    "done": ((_S.COMPLETED, _S.REFUNDED, _S.CANCELLED), None),
}
MERCHANT_VIEWS = tuple(MERCHANT_STATES)
OPEN_VIEWS = tuple(view for view in MERCHANT_STATES if view not in ("all", "done"))
LONGEST_QUERY = 100
_FOR_BUYER = Prepared(
    lambda: Order.objects.select_related("store", "payment", "hold").filter(
        number=Blank("number"), buyer=Blank("owner")
    )
)
_FOR_STORE = Prepared(
    lambda: Order.objects.select_related("store", "buyer", "payment", "hold").filter(
        number=Blank("number"), store=Blank("owner")
    )
)
# The manual is where it is today: a link that was taken away leads nobody on.
_LINES = Prepared(lambda: OrderLine.objects.filter(order=Blank("order")).annotate(manual_url=F("product__manual_url")))


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
    if view in OPEN_VIEWS:
        found = found.filter(open__store_id=store_id)
    if q.strip():
        found = found.filter(_matches(q) | Q(address__phone__endswith=_clean(q)))
    order = ("paid_at", "id") if view in ("to_ship", "overdue") else ("-placed_at", "-id")
    return _with_lines(found).select_related("buyer", "hold").order_by(*order)


def merchant_view_counts(store_id: UUID, *, now: datetime) -> dict[str, int]:
    """How many orders are in each view: the open ones looked at, the others what is left of all. Two queries."""
    mine = Order.objects.filter(open__store_id=store_id)
    counts, policies, still_open = dict.fromkeys(MERCHANT_VIEWS, 0), set(), 0
    groups = mine.values_list("status", "in_case", "policy_id").annotate(n=Count("*")).order_by()
    for status, in_case, policy_id, count in groups:
        policies.add(policy_id)
        still_open += count
        for view in OPEN_VIEWS:
            counts[view] += count if _is_in(view, status, in_case) else 0
    late = _counted(mine.filter(_TO_SHIP, _late(policies, now=now))) if counts["overdue"] else Value(0)
    both = Store.objects.filter(pk=store_id).values_list(_counted(Order.objects.filter(store_id=store_id)), late)
    counts["all"], counts["overdue"] = both.get()
    counts["done"] = counts["all"] - still_open
    return counts


def _counted(orders: QuerySet[Order]) -> Coalesce:
    """How many of one store's orders, as a part of another query."""
    counts = orders.order_by().values("store_id").annotate(n=Count("*")).values("n")
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)


def _is_in(view: str, status: str, in_case: bool) -> bool:
    """Whether orders of this state are in a view, whatever the time."""
    statuses, wanted = MERCHANT_STATES[view]
    return (not statuses or status in statuses) and wanted in (None, in_case)


def merchant_filter(view: str, *, now: datetime) -> Q:
    """The rule of a view. Overdue: the time to ship of the policy an order was bought under has passed."""
    statuses, in_case = MERCHANT_STATES.get(view, ((), None))
    rule = Q(status__in=statuses) if statuses else Q()
    rule &= Q() if in_case is None else Q(in_case=in_case)
    if view != "overdue":
        return rule
    return rule & _late(Policy.objects.values_list("pk", flat=True), now=now)


def _late(policy_ids: Iterable[int], *, now: datetime) -> Q:
    late = Q(pk__in=[])
    for policy_id in policy_ids:
        late |= Q(policy_id=policy_id, paid_at__lt=now - rules_of(policy_id).ship_by)
    return late


def order_for_buyer(user_id: UUID, number: str) -> Order:
    """:raises NotYourOrder: if there is none of this number, or it is somebody else's"""
    return _one(_FOR_BUYER, number, owner=user_id)


def order_for_store(store_id: UUID, number: str) -> Order:
    """:raises NotYourOrder: if there is none of this number, or it is another store's"""
    return _one(_FOR_STORE, number, owner=store_id)


def lines_of(order_id: UUID) -> list[OrderLine]:
    """What an order is made of, each with ``manual_url``."""
    found: list[Any] = _LINES.all(order=order_id)
    return found


def code_orders_waiting(*, variant_id: UUID) -> list[UUID]:
    """Paid orders that wait for keys of a variant, the longest waiting first."""
    rows = Order.objects.filter(lines__variant_id=variant_id, kind=Kind.CODE, status=_S.PAID)
    return list(rows.order_by("paid_at", "pk").values_list("pk", flat=True))


def promise_of(order_line: OrderLine) -> dict[str, Any]:
    """What the page promised when this line was bought; empty if the version is not on record."""
    versions = ProductVersion.objects.filter(product_id=order_line.product_id, version=order_line.promise_version)
    promise: dict[str, Any] = versions.values_list("promise", flat=True).first() or {}
    return promise


def _with_lines(found: QuerySet[Order]) -> QuerySet[Order]:
    return found.select_related("store").prefetch_related("lines")


def _one(rows: Prepared[Order], number: str, *, owner: UUID) -> Order:
    # Anything but digits cannot be a number of ours; PostgreSQL refuses some characters with an error of its own.
    order = rows.first(number=number, owner=owner) if number.isascii() and number.isdigit() else None
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
