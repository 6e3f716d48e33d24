"""Whether everything that happens by itself still happens."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import MemberRequest
from core import alarms, clock, deadlines, outbox
from core.guards import mediator
from escrow.models import Inbox
from escrow.queries import count_books, stop_in_force


@mediator
@require_safe
def health(request: MemberRequest) -> HttpResponse:
    """Deadlines, deliveries and, when asked for, the books counted anew."""
    now = clock.now()
    context: dict[str, Any] = {
        "alarms": alarms.ringing(now),
        "overdue": deadlines.overdue(now=now),
        "late": deadlines.late_by_kind(now=now),
        "failing": deadlines.failing(),
        "next_due": deadlines.next_due(),
        "running": deadlines.running().count(),
        "depth": outbox.depth(),
        "dead": outbox.given_up(),
        "notices": Inbox.objects.filter(processed_at__isnull=True).count(),
        "stop": stop_in_force(),
        "books": count_books() if request.GET.get("books") else None,
    }
    return render(request, "console/health.html", context)
