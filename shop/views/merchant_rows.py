"""The merchant's table of orders: views with counts, search, and a row for each order."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import clock
from flows.deal import short_sentences
from shop.guards import MerchantRequest
from shop.models import Order
from shop.queries.catalogue import media_url
from shop.queries.orders import LONGEST_QUERY, MERCHANT_VIEWS, merchant_orders, merchant_view_counts

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


def order_table(request: MerchantRequest, *, per_page: int, pages: type[Paginator[Any]]) -> dict[str, Any]:
    """Everything the list shows for this address."""
    now, q = clock.now(), request.GET.get("q", "").strip()[:LONGEST_QUERY]
    view = request.GET.get("view", "all")
    view = view if view in MERCHANT_VIEWS else "all"
    counts = merchant_view_counts(request.store.pk, now=now)
    page = pages(merchant_orders(request.store.pk, view, q, now=now), per_page).get_page(request.GET.get("page"))
    found = list(page.object_list)
    said = short_sentences(found, viewer="merchant", now=now) if found else {}
    return {
        "tabs": [_tab(name, counts[name], is_current=name == view) for name in MERCHANT_VIEWS],
        "view": view,
        "q": q,
        "page": page,
        "rows": [_row(order, said[order.pk]) for order in found],
    }


def _tab(name: str, count: int, *, is_current: bool) -> dict[str, Any]:
    url = reverse("merchant:orders")
    return {
        "label": LABELS[name],
        "url": url if name == "all" else f"{url}?view={name}",
        "count": count,
        "urgent": name in URGENT,
        "current": is_current,
    }


def _row(order: Order, said: Any) -> dict[str, Any]:
    lines = list(order.lines.all())
    return {
        "order": order,
        "url": reverse("merchant:order", args=[order.number]),
        "title": lines[0].display_title if lines else "",
        "pieces": sum(line.quantity for line in lines),
        "more": len(lines) - 1,
        "image": media_url(lines[0].thumb) if lines else "",
        "region": f"{order.address.get('province', '')} {order.address.get('city', '')}".strip(),
        "said": said,
    }
