"""The merchant's money: four numbers that add up, what stands behind each, and the running account."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import clock
from core.money import Money, share
from core.policies import current, from_values
from escrow.models import Hold
from escrow.queries import merchant_lines, merchant_money, open_holds_of, outlook, payout_account, payouts_of
from escrow.queries.passing_on import accounts_there
from escrow.queries.whole import every_line, one_moment
from escrow.states import HoldStatus
from flows.deal import short_sentences
from shop.forms.money import LinesForm
from shop.guards import MerchantRequest, merchant
from shop.roles import Act
from shop.views.merchant_tiles import money_tiles
from shop.views.money_rows import ON_PAPER, lines_file, on_paper

PER_PAGE = 50
SHOWN = 50
EXAMPLE = 10_000  # ¥100.00


@merchant(Act.MONEY)
@require_safe
def money(request: MerchantRequest) -> HttpResponse:
    """Held, frozen, arriving, available; below, every movement with its balance."""
    form = LinesForm(request.GET)
    lines = merchant_lines(request.store.pk, **form.wanted())
    context = {
        "tiles": money_tiles(merchant_money(request.store.pk, clock.now())),
        "behind": _behind(request),
        "next": outlook(request.store.pk, clock.now()),
        "payouts": payouts_of(request.store.pk)[:SHOWN],
        "account": payout_account(request.store.pk),
        **_there(request),
        "fee": _fee(),
        "form": form,
        "is_filtered": bool(form.wanted()),
        "page": Paginator(lines, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "merchant/money.html", context)


def _there(request: MerchantRequest) -> dict[str, Any]:
    theres = accounts_there(request.store.pk)
    return {"theres": theres, "passed_on_to": any(there.account for there in theres)}


@merchant(Act.MONEY)
@require_safe
def statement(request: MerchantRequest, form: str) -> HttpResponseBase:
    """The whole running account as a file, filtered as on the page."""
    lines = merchant_lines(request.store.pk, **LinesForm(request.GET).wanted())
    with one_moment():
        return lines_file("statement", form, every_line(lines))


@merchant(Act.MONEY)
@require_safe
def printed(request: MerchantRequest) -> HttpResponse:
    """The running account on paper, filtered as on the page."""
    form = LinesForm(request.GET)
    lines = merchant_lines(request.store.pk, **form.wanted())
    paper = on_paper(lines[0 : ON_PAPER + 1], form, now=clock.now())
    return render(request, "merchant/money_print.html", {**paper, "store": request.store})


def _behind(request: MerchantRequest) -> list[dict[str, Any]]:
    """The deals behind the held and the frozen number, each with the sentence that says until when."""
    held = list(open_holds_of(request.store.pk, HoldStatus.HELD)[: SHOWN + 1])
    frozen = list(open_holds_of(request.store.pk, HoldStatus.FROZEN)[: SHOWN + 1])
    orders = [hold.order for hold in (*held, *frozen)]
    said = short_sentences(orders, viewer="merchant", now=clock.now()) if orders else {}

    def rows(holds: list[Hold]) -> list[dict[str, Any]]:
        return [{"hold": hold, "order": hold.order, "said": said[hold.order_id]} for hold in holds[:SHOWN]]

    return [
        {"key": "held", "title": _("Held"), "rows": rows(held), "more": len(held) > SHOWN,
         "empty": _("Nothing is held. Money appears here when a buyer has paid, and leaves when he has confirmed.")},
        {"key": "frozen", "title": _("Frozen"), "rows": rows(frozen), "more": len(frozen) > SHOWN,
         "empty": _("Nothing is frozen. An after-sale case freezes its order's money until it is settled.")},
    ]  # fmt: skip


def _fee() -> dict[str, Any]:
    """What new orders cost the merchant, with an example; each order keeps the rate it was placed under."""
    bps = from_values(current("physical").values).fee_bps
    fee = share(EXAMPLE, bps)
    gross, part, net = (Money(minor, "CNY") for minor in (EXAMPLE, fee, EXAMPLE - fee))
    return {"percent": f"{bps / 100:g}", "gross": gross, "fee": part, "net": net}
