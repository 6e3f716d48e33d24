"""Staff's page for money that needs a person."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.confirming import ensure
from accounts.services.step_up import staff_money
from core import clock
from core.guards import mediator
from core.http import actor_of
from escrow.models import Adjustment
from escrow.queries import chargebacks, failed_payouts, failed_refunds, parked_receipts
from escrow.services import payments as receipts
from escrow.services import refunds
from escrow.states import ChargebackStatus


@mediator
@require_safe
def payments(request: HttpRequest) -> HttpResponse:
    """Parked money with its age, refunds and payouts that failed."""
    context = {
        "here": "payments",
        "page": Paginator(parked_receipts(), 50).get_page(request.GET.get("page")),
        "refunds": failed_refunds()[:50],
        "payouts": failed_payouts()[:20],
        "disputed": chargebacks().filter(status=ChargebackStatus.OPEN).count(),
        "unsigned": Adjustment.objects.filter(signed_at__isnull=True, refused_at__isnull=True).count(),
    }
    return render(request, "console/payments.html", context)


@mediator
@require_POST
def receipt_return(request: HttpRequest, pk: int) -> HttpResponse:
    """Send parked money back the way it came."""
    reason = request.POST.get("reason", "").replace("\x00", "").strip()[:60] or "returned by staff"
    with transaction.atomic():
        refund = receipts.return_receipt(receipt_id=pk, actor=actor_of(request), reason=reason, now=clock.now())
        ensure(request, staff_money("receipt.return", pk))
    messages.success(request, _("%(amount)s is on its way back.") % {"amount": refund.amount})
    return redirect("console:payments")


@mediator
@require_POST
def refund_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the provider once more for a refund that failed."""
    refund = refunds.retry_refund(refund_id=pk, actor=actor_of(request), now=clock.now())
    messages.success(request, _("The refund of %(amount)s is being tried again.") % {"amount": refund.amount})
    return redirect("console:payments")
