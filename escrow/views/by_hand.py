"""Staff's list of transfers to be made at the bank by hand."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.confirming import ensure
from accounts.requests import MemberRequest
from accounts.services.step_up import Act, digest_of, staff_money
from core import audit, clock
from core.exports import csv_file
from core.guards import mediator
from core.http import actor_of
from escrow.queries import by_hand as found
from escrow.services import by_hand


@mediator
@require_safe
def transfers(request: MemberRequest) -> HttpResponse:
    """Refunds and payouts at the bank that nobody has made yet."""
    return render(request, "console/transfers.html", {"rows": found.to_make()})


@mediator
@require_POST
def transfers_csv(request: MemberRequest) -> HttpResponseBase:
    """The same with whole account numbers, for the bank's own upload: asks who is there, and stands in the trail."""
    ensure(request, Act("sealed_view"))
    rows = found.to_make(with_numbers=True)
    audit.record(
        actor=actor_of(request), act="transfers.exported", subject_type="gateway", subject=found.GATEWAY,
        facts={"words": [row.word for row in rows]},
    )  # fmt: skip
    head = ("reference", "kind", "amount", "currency", "holder", "bank", "account", "arrival", "since")
    lines = (
        (row.word, row.kind, row.amount.digits, row.amount.currency, *row.to, row.arrival, row.since.isoformat())
        for row in rows
    )
    return csv_file("transfers.csv", head, lines)


@mediator
@require_POST
def transfer_made(request: MemberRequest, kind: str, pk: int) -> HttpResponse:
    """Write down the bank's number of a transfer that was made."""
    ref = request.POST.get("bank_ref", "").replace("\x00", "")
    with transaction.atomic():
        by_hand.mark_made(kind=kind, pk=pk, bank_ref=ref, actor=actor_of(request), now=clock.now())
        ensure(request, staff_money(f"{kind}.made", digest_of(pk, ref)))
    messages.success(request, _("Written down: it counts as made."))
    return redirect("console:transfers")
