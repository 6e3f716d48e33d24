"""The merchant's table of orders: views with counts, search, and a row for each order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import clock
from flows.acts import Act
from flows.deal import short_sentences
from flows.sentences import Sentence
from shop.guards import MerchantRequest
from shop.models import Order
from shop.queries.catalogue import media_url
from shop.queries.orders import LONGEST_QUERY, MERCHANT_VIEWS, merchant_orders, merchant_view_counts
from shop.states import Kind, OrderStatus
from shop.views.order_rows import CountedPaginator, Row

LABELS: dict[str, Promise] = {
    "all": _("All"),
    "unpaid": _("Unpaid"),
    "to_ship": _("To ship"),
    "overdue": _("Overdue"),
    "shipped": _("On the way"),
    "delivered": _("Delivered"),
    "after_sale": _("After-sale"),
    "done": _("Closed"),
}
URGENT = ("to_ship", "overdue", "after_sale")


# Every empty list says how something would get there.
EMPTY: dict[str, Promise] = {
    "all": _("Orders appear here as soon as somebody buys. Put a product on sale to begin."),
    "unpaid": _("Orders that wait for the buyer's payment. Nothing to do for you until they are paid."),
    "to_ship": _("Nothing waits to be shipped. Paid orders appear here, the longest waiting first."),
    "overdue": _("Nothing is late. An order that is not shipped in time appears here, and its buyer may cancel."),
    "shipped": _("Parcels on their way appear here once you have booked them."),
    "delivered": _("Delivered orders wait here for the buyer's word; without it they are released by the clock."),
    "after_sale": _("No after-sale case is open. Money in a case is frozen until it is settled."),
    "done": _("Completed, refunded and cancelled orders are kept here."),
}
EXPORT_HEAD = (
    _("Order"), _("Placed"), _("State"), _("Items"), _("Pieces"), _("Region"), _("Amount"), _("Currency"), _("Paid"),
    _("Buyer's note"), _("Coupon"), _("Coupon takes off"),
)  # fmt: skip


def order_table(request: MerchantRequest, *, per_page: int) -> dict[str, Any]:
    """Everything the list shows for this address."""
    now, (view, q) = clock.now(), _asked(request)
    counts = merchant_view_counts(request.store.pk, now=now)
    pages = CountedPaginator(merchant_orders(request.store.pk, view, q, now=now), per_page)
    pages.known = None if q else counts[view]
    page = pages.get_page(request.GET.get("page"))
    found = list(page.object_list)
    said = short_sentences(found, viewer="merchant", now=now) if found else {}
    return {
        "tabs": [_tab(name, counts[name], is_current=name == view) for name in MERCHANT_VIEWS],
        "view": view,
        "q": q,
        "page": page,
        "rows": [_row(order, said[order.pk]) for order in found],
        "empty_text": EMPTY[view],
    }


def export_rows(request: MerchantRequest) -> Iterator[tuple[object, ...]]:
    """The same orders as lines of a file; who receives the parcel stays out of it."""
    view, q = _asked(request)
    found = merchant_orders(request.store.pk, view, q, now=clock.now())
    for order in found.iterator(chunk_size=500):
        lines = list(order.lines.all())
        yield (
            f"{order.number}\t", timezone.localtime(order.placed_at).strftime("%Y-%m-%d %H:%M"), _state(order),
            "; ".join(line.display_title for line in lines), sum(line.quantity for line in lines), _region(order),
            order.total.digits, order.currency,
            timezone.localtime(order.paid_at).strftime("%Y-%m-%d %H:%M") if order.paid_at else "", order.note,
            order.coupon_code, order.discount.digits if order.coupon_code else "",
        )  # fmt: skip


def _asked(request: MerchantRequest) -> tuple[str, str]:
    view = request.GET.get("view", "all")
    return view if view in MERCHANT_VIEWS else "all", request.GET.get("q", "").strip()[:LONGEST_QUERY]


def _tab(name: str, count: int, *, is_current: bool) -> dict[str, Any]:
    url = reverse("merchant:orders")
    return {
        "label": LABELS[name],
        "url": url if name == "all" else f"{url}?view={name}",
        "count": count,
        "urgent": name in URGENT,
        "current": is_current,
    }


def _row(order: Order, said: Sentence) -> Row:
    lines = list(order.lines.all())
    url = reverse("merchant:order", args=[order.number])
    title = lines[0].display_title if lines else order.number
    return Row(
        number=order.number,
        url=url,
        placed_at=order.placed_at,
        party=_region(order),
        status=_state(order),
        tone="frozen" if order.in_case else {"done": "quiet"}.get(said.tone, said.tone),
        title=f"{title} × {lines[0].quantity}" if lines else title,
        more=max(len(lines) - 1, 0),
        image=media_url(lines[0].thumb) if lines else "",
        amount=order.total,
        sentence=said.text,
        clock=said.clock,
        act=_next_act(order, said, url),
    )


def _next_act(order: Order, said: Sentence, url: str) -> Act | None:
    """The one thing that waits for the merchant, if anything does."""
    if order.in_case:
        return Act("case", said.ask, url) if said.ask else None
    if order.status != OrderStatus.PAID:
        return None
    if order.kind == Kind.CODE:
        return Act("supply", gettext("Hand in codes"), f"{url}#items")
    return Act("ship", gettext("Ship"), f"{url}#ship")


def _state(order: Order) -> str:
    return gettext("After-sale") if order.in_case else order.display_status


def _region(order: Order) -> str:
    return f"{order.address.get('province', '')} {order.address.get('city', '')}".strip()
