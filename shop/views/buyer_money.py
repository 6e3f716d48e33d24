"""A buyer's money over all his orders: what is held, what comes back, every movement, and the records of it."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.requests import MemberRequest
from core import clock
from core.guards import member
from escrow.queries import buyer_lines
from escrow.queries.buyers import BuyerMoney, buyer_money
from shop.forms.money import BuyerLinesForm
from shop.views.money_rows import ON_PAPER, lines_file, on_paper

PER_PAGE = 50


@member
@require_safe
def money(request: MemberRequest) -> HttpResponse:
    """What is held for him; below, every movement with what was held after it."""
    form = BuyerLinesForm(request.GET)
    lines = buyer_lines(request.user.pk, **form.wanted())
    context = {
        "tiles": _tiles(buyer_money(request.user.pk)),
        "form": form,
        "is_filtered": bool(form.wanted()),
        "page": Paginator(lines, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "shop/my_money.html", context)


@member
@require_safe
def lines(request: MemberRequest, form: str) -> HttpResponseBase:
    """The whole account as a file, filtered as on the page."""
    return lines_file("my-money", form, buyer_lines(request.user.pk, **BuyerLinesForm(request.GET).wanted()))


@member
@require_safe
def printed(request: MemberRequest) -> HttpResponse:
    """The account on paper, filtered as on the page."""
    form = BuyerLinesForm(request.GET)
    found = buyer_lines(request.user.pk, **form.wanted())[: ON_PAPER + 1]
    return render(request, "shop/my_money_print.html", on_paper(found, form, now=clock.now()))


def _in_orders(count: int) -> str:
    words = ngettext(
        "in %(n)s order, until you have what was promised", "in %(n)s orders, until you have what was promised", count
    )
    return words % {"n": count}


def _tiles(found: BuyerMoney) -> list[dict[str, Any]]:
    return [
        {"label": _("Held for you"), "amount": found.held, "icon_name": "lock",
         "note": _in_orders(found.orders)},
        {"label": _("Set aside"), "amount": found.parked, "icon_name": "flag",
         "note": _("fits no open order and goes back to you")},
        {"label": _("On its way to you"), "amount": found.on_its_way, "icon_name": "return",
         "note": _("refunds your bank has not confirmed yet")},
    ]  # fmt: skip
