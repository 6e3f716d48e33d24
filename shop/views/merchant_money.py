"""The merchant's money: four numbers that add up, what stands behind each, and the running account."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core import clock
from core.exports import csv_file
from core.wording import when
from escrow.queries import holds_of_store, merchant_lines, merchant_money, payout_account, payouts_of
from escrow.states import HoldStatus
from shop.forms.money import LinesForm
from shop.guards import MerchantRequest, merchant

PER_PAGE = 50
SHOWN = 50


@merchant
@require_GET
def money(request: MerchantRequest) -> HttpResponse:
    """Held, frozen, arriving, available; below, every movement with its balance."""
    form = LinesForm(request.GET)
    lines = merchant_lines(request.store.pk, **form.wanted())
    context = {
        "money": merchant_money(request.store.pk, clock.now()),
        "held": holds_of_store(request.store.pk, HoldStatus.HELD)[:SHOWN],
        "frozen": holds_of_store(request.store.pk, HoldStatus.FROZEN)[:SHOWN],
        "payouts": payouts_of(request.store.pk)[:SHOWN],
        "account": payout_account(request.store.pk),
        "form": form,
        "page": Paginator(lines, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "merchant/money.html", context)


@merchant
@require_GET
def statement(request: MerchantRequest) -> HttpResponse:
    """The running account as a file, filtered as on the page."""
    lines = merchant_lines(request.store.pk, **LinesForm(request.GET).wanted())
    head = (_("Time"), _("What"), _("Order"), _("Amount"), _("Currency"), _("Balance"), _("Reference"), _("Note"))
    rows = (
        (when(line.at), line.label, line.order_number, line.amount.digits, line.amount.currency,
         line.balance.digits if line.balance else "", line.reference, line.note)
        for line in lines
    )  # fmt: skip
    return csv_file("statement.csv", head, rows)
