"""The time machine of the sandbox: what is due next, and a way to get there."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from core import clock, deadlines, outbox
from core.errors import Invalid
from core.guards import sandbox
from core.http import wants_json
from core.json_door import json_door, payload
from core.models import Deadline
from core.wording import span

SEEN_BY_ALL_SECONDS = clock.STALE_SECONDS + 0.05

log = logging.getLogger(__name__)
FURTHEST = timedelta(days=400)
SHOWN = 20

# Words for the kinds of flows.deadlines; one that has none fails a test.
WORDS = {
    "order.pay_by": gettext_lazy("Unpaid order is cancelled"),
    "order.ship_reminder": gettext_lazy("Merchant is reminded to ship"),
    "order.ship_by": gettext_lazy("Time to ship is over; the buyer may cancel"),
    "order.never_shipped": gettext_lazy("Never shipped: refunded by itself"),
    "code.deliver_by": gettext_lazy("Codes are late; the buyer may cancel"),
    "code.expire": gettext_lazy("Codes are too close to their date to be sold"),
    "escrow.warn": gettext_lazy("Buyer is told that the money will be released"),
    "escrow.release": gettext_lazy("Money is released to the merchant"),
    "collect.reminder": gettext_lazy("Buyer is reminded to collect the parcel"),
    "payment.poll": gettext_lazy("Payment is asked for at the bank"),
    "refund.send": gettext_lazy("Refund is sent"),
    "receipt.return": gettext_lazy("Parked payment is sent back"),
    "payout.due": gettext_lazy("Payout is prepared"),
    "payout.send": gettext_lazy("Payout is sent"),
    "payout_account.remind": gettext_lazy("A store is asked whether its payout account is still right"),
    "payout.approve_by": gettext_lazy("Staff are reminded of a payout to approve"),
    "compensation.approve_by": gettext_lazy("Staff are reminded of an amount to make good"),
    "payout.watch": gettext_lazy("Bank is asked whether a payout was sent back"),
    "order.assume_delivered": gettext_lazy("Promised transit is over"),
    "tracking.poll": gettext_lazy("Carrier is asked for news"),
    "case.answer_by": gettext_lazy("No answer: the buyer is refunded"),
    "case.escalate_by": gettext_lazy("Time to ask for a ruling is over"),
    "case.return_by": gettext_lazy("Time to send goods back is over"),
    "case.inspect_by": gettext_lazy("Time to inspect the return is over"),
    "case.resend_by": gettext_lazy("Time to send again is over"),
    "case.decide_by": gettext_lazy("Ruling is due"),
    "payment.close_ways": gettext_lazy("Other ways to pay are closed"),
    "coupon.end": gettext_lazy("A coupon ends"),
    "chargeback.poll": gettext_lazy("A chargeback is asked for at the provider"),
    "payouts.hold_over": gettext_lazy("Payouts of a store go on"),
    "account.look_again": gettext_lazy("Staff are reminded of a limited or frozen account"),
    "incident.take_by": gettext_lazy("Staff are reminded of an incident that nobody has taken"),
    "incident.close_by": gettext_lazy("Staff are reminded of an incident that is still open"),
    "incident.answer_by": gettext_lazy("Time for a member to answer in an incident is over"),
    "recovery.wait": gettext_lazy("Time to object to a recovery is over"),
    "recovery.review_by": gettext_lazy("Staff are reminded of a recovery to look at"),
    "recovery.link_by": gettext_lazy("The link of a recovery is over"),
    "qr.expires": gettext_lazy("A code for signing in by phone is over"),
    "reversal.send": gettext_lazy("Money passed on to a merchant is taken back"),
    "payment.unfreeze": gettext_lazy("The rest that a provider holds comes free"),
    "application.remind": gettext_lazy("A merchant is reminded of his application"),
    "application.review_by": gettext_lazy("Staff are reminded of an application to decide"),
    "document.review_by": gettext_lazy("Staff are reminded of a paper to look at"),
    "document.remind": gettext_lazy("A merchant is reminded of a paper that runs out"),
    "document.expires": gettext_lazy("A paper runs out"),
    "store.check": gettext_lazy("The yearly check of a store begins"),
    "check.review_by": gettext_lazy("Staff are reminded of a check to close"),
    "store.look_again": gettext_lazy("Staff are reminded of a suspended store"),
    "store.sign_end": gettext_lazy("Staff are reminded that the end of a store needs a second person"),
    "store.wind_up": gettext_lazy("A store that has ended is wound up"),
    "report.answer_by": gettext_lazy("Staff are reminded of a report to answer"),
    "papers.purge": gettext_lazy("Papers of a store are destroyed"),
    "invitation.expires": gettext_lazy("An invitation to a team is over"),
}


@sandbox
@json_door
@require_http_methods(["GET", "HEAD", "POST"])
def clock_page(request: HttpRequest) -> HttpResponse:
    """GET: now and next. POST ``{"hours": 24}`` or ``{"to": "next"}``, by form or as JSON."""
    if request.method == "POST":
        return _moved(request)
    if wants_json(request):
        return JsonResponse(_state())
    open_rows = Deadline.objects.filter(done_at__isnull=True)
    rows = list(open_rows.filter(paused_at__isnull=True).order_by("due_at", "id")[:SHOWN])
    page = {
        "now": clock.now(),
        "offset": span(clock.offset()) if clock.offset() else "",
        "rows": [{"row": row, "words": WORDS.get(row.kind, row.kind)} for row in rows],
        "paused": open_rows.filter(paused_at__isnull=False).count(),
    }
    return render(request, "sandbox/clock.html", page)


def _moved(request: HttpRequest) -> HttpResponse:
    by = _distance(payload(request), now=clock.now())
    clock.advance_sandbox(by)
    time.sleep(SEEN_BY_ALL_SECONDS)  # every other process reads the new offset by then
    swept = _catch_up()
    if wants_json(request):
        return JsonResponse({**_state(), "swept": swept})
    # How much fires is not known here: the worker does it too, and is often faster.
    text = _("It is %(span)s later. What is due by now happens within a moment.") % {"span": span(by)}
    messages.success(request, text)
    return redirect("sandbox:clock")


def _distance(wanted: Mapping[str, Any], *, now: datetime) -> timedelta:
    """
    How far to go.

    :raises Invalid: backwards, nowhere, or further than a year and a bit
    """
    if wanted.get("to") == "next":
        due = deadlines.next_due()
        return timedelta() if due is None else max(timedelta(), due - now + timedelta(seconds=2))
    try:
        hours = float(wanted.get("hours", ""))
    except (TypeError, ValueError, OverflowError):
        hours = math.nan
    if isinstance(wanted.get("hours"), bool) or not 0 <= hours <= FURTHEST.total_seconds() / 3600:
        raise Invalid(_("Say how many hours to go forward, 400 days at most."))
    return timedelta(hours=hours)


def _catch_up() -> int:
    """Do at once what has become due, as the worker would a moment later; a failure is the worker's to repeat."""
    swept = 0
    try:
        swept = deadlines.sweep()
        outbox.drain()
    except Exception:
        log.exception("the sweep after moving the clock failed; the worker will do it")
    return swept


def _state() -> dict[str, object]:
    due = deadlines.next_due()
    return {
        "now": clock.now().isoformat(),
        "offset_seconds": int(clock.offset().total_seconds()),
        "next_due": due.isoformat() if due else None,
    }
