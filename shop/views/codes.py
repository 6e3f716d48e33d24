"""The buyer's codes: masked until he opens them, which counts as using them and is written down."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.requests import MemberRequest
from core import clock
from core.agents import agent_of
from core.errors import Invalid
from core.guards import member
from core.http import actor_of
from core.policies import rules_of
from flows import codes as flow
from shop.forms.codes import RevealForm
from shop.models import Order
from shop.queries.codes import Piece, pieces_of
from shop.queries.orders import order_for_buyer


@dataclass(frozen=True, slots=True)
class Row:
    piece: Piece
    value: str = field(repr=False)


@member
@require_http_methods(["GET", "HEAD", "POST"])
def codes(request: MemberRequest, number: str) -> HttpResponse:
    """The codes of one order; a POST opens one of them, or all."""
    mine = order_for_buyer(request.user.pk, number)
    if request.method == "POST":
        return _reveal(request, mine)
    pieces = pieces_of(mine.pk) if mine.delivered_at else []
    if not pieces:
        messages.info(request, _("This order has no codes to open."))
        return redirect(mine)
    values = {opened.key.pk: opened.value for opened in flow.seen_by_buyer(mine.pk)}
    rows = [Row(piece, values.get(piece.pk, "")) for piece in pieces]
    closed = sum(not row.value for row in rows)
    context = {"order": mine, "rows": rows, "closed": closed, "may_open": _may_open(mine)}
    return render(request, "shop/codes.html", context | {"rules": rules_of(mine.policy_id)})


def _reveal(request: MemberRequest, mine: Order) -> HttpResponse:
    form = RevealForm(request.POST)
    if not form.is_valid():
        raise Invalid(str(next(iter(form.errors.values()))[0]))
    key = form.cleaned_data["key"]
    opened = flow.reveal(
        order_id=mine.pk, key_ids=[key] if key else None, actor=actor_of(request), device=agent_of(request),
        now=clock.now(),
    )  # fmt: skip
    count = len(opened)
    messages.success(request, ngettext("Your code is open.", "%(count)d codes are open.", count) % {"count": count})
    return redirect("shop:order-codes", mine.number)


def _may_open(order: Order) -> bool:
    return order.status in flow.MAY_REVEAL and not order.in_case
