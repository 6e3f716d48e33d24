"""The rows of the buyer's list: each with its money sentence and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.requests import MemberRequest
from core import clock
from core.money import Money
from flows.acts import Act
from flows.deal import short_sentences
from flows.sentences import Clock, Sentence
from shop.models import Order
from shop.queries.catalogue import media_url
from shop.queries.orders import BUYER_TABS, LONGEST_QUERY, buyer_orders, buyer_tab_counts
from shop.states import Kind, OrderStatus

PER_PAGE = 20
LABELS: dict[str, Promise] = {
    "all": gettext_lazy("All"),
    "to_pay": gettext_lazy("To pay"),
    "to_ship": gettext_lazy("To be shipped"),
    "to_receive": gettext_lazy("To receive"),
    "after_sale": gettext_lazy("After-sale"),
}
# Every empty list says how something would get there.
EMPTY: dict[str, Promise] = {
    "all": gettext_lazy("What you buy shows up here, with where its money is at any moment."),
    "to_pay": gettext_lazy("Nothing waits for your payment."),
    "to_ship": gettext_lazy("Paid orders wait here until the store has handed the parcel to the carrier."),
    "to_receive": gettext_lazy("Parcels on their way to you, and delivered ones you have not confirmed, show up here."),
    "after_sale": gettext_lazy("If something is wrong with an order, open it and say so: its money is frozen at once."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """What components/order_row.html prints."""

    number: str
    url: str
    placed_at: datetime
    party: str
    status: str
    tone: str
    title: str
    more: int
    image: str
    amount: Money
    sentence: str
    clock: Clock | None
    act: Act | None


class CountedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages whose number is known already: the tabs have counted."""

    known: int | None = None

    @cached_property
    def count(self) -> int:  # type: ignore[override]
        return self.known if self.known is not None else super().count


def order_list(request: MemberRequest) -> dict[str, Any]:
    """Everything the list shows for this address."""
    user_id, q = request.user.pk, request.GET.get("q", "").strip()[:LONGEST_QUERY]
    tab = request.GET.get("tab", "all")
    tab = tab if tab in BUYER_TABS else "all"
    counts = buyer_tab_counts(user_id)
    pages = CountedPaginator(buyer_orders(user_id, tab, q), PER_PAGE)
    pages.known = None if q else counts[tab]
    page = pages.get_page(request.GET.get("page"))
    return {
        "tabs": [_tab(name, counts[name], is_current=name == tab) for name in BUYER_TABS],
        "tab": tab,
        "q": q,
        "page": page,
        "rows": _rows(list(page.object_list)),
        "empty_text": EMPTY[tab],
    }


def _rows(found: list[Order]) -> list[Row]:
    said = short_sentences(found, viewer="buyer", now=clock.now()) if found else {}
    return [_row(order, said[order.pk]) for order in found]


def _tab(name: str, count: int, *, is_current: bool) -> dict[str, Any]:
    url = reverse("shop:orders")
    return {
        "label": LABELS[name],
        "url": url if name == "all" else f"{url}?tab={name}",
        "count": count,
        "urgent": name == "to_pay",
        "current": is_current,
    }


def _row(order: Order, said: Sentence) -> Row:
    lines = list(order.lines.all())
    return Row(
        number=order.number,
        url=order.get_absolute_url(),
        placed_at=order.placed_at,
        party=order.store.display_name,
        status=_("After-sale") if order.in_case else order.display_status,
        tone="frozen" if order.in_case else {"done": "quiet"}.get(said.tone, said.tone),
        title=lines[0].display_title if lines else order.number,
        more=len(lines) - 1,
        image=media_url(lines[0].thumb) if lines else "",
        amount=order.total,
        sentence=said.text,
        clock=said.clock,
        act=_next_act(order, said),
    )


def _next_act(order: Order, said: Sentence) -> Act | None:
    """The one thing that waits for the buyer, if anything does."""
    if order.in_case:
        return Act("case", _("Go to the after-sale case"), order.get_absolute_url()) if said.needs == "buyer" else None
    if order.status == OrderStatus.PENDING and order.payment_id:
        label = _("Pay %(amount)s") % {"amount": order.total}
        return Act("pay", label, reverse("shop:payment", args=[order.payment_id]), primary=True)
    if order.status == OrderStatus.DELIVERED and order.kind == Kind.CODE:
        return Act("codes", _("Open your codes"), reverse("shop:order-codes", args=[order.number]))
    if order.status == OrderStatus.DELIVERED:
        return Act("confirm", _("Check and confirm receipt"), reverse("shop:order-confirm", args=[order.number]))
    if said.clock is not None and said.clock.kind == "order.never_shipped":  # the merchant's time to ship has passed
        label = _("Cancel and get %(amount)s back") % {"amount": order.total}
        return Act("cancel", label, reverse("shop:order-cancel", args=[order.number]))
    return None
