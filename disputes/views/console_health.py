"""Whether everything that happens by itself still happens."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Min
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import MemberRequest
from core import clock, deadlines, outbox
from core.guards import mediator
from core.models import Deadline, Delivery
from escrow.models import Inbox
from escrow.queries import books


@mediator
@require_safe
def health(request: MemberRequest) -> HttpResponse:
    """Deadlines, deliveries and, when asked for, the books counted anew."""
    now = clock.now()
    running = Deadline.objects.filter(done_at__isnull=True, paused_at__isnull=True)
    late = running.filter(due_at__lt=now)
    context: dict[str, Any] = {
        "now": now,
        "overdue": deadlines.overdue(now=now),
        "late": list(late.values("kind").annotate(n=Count("pk"), oldest=Min("due_at")).order_by("oldest")),
        "failing": list(running.exclude(error="").order_by("due_at")[:20]),
        "next_due": deadlines.next_due(),
        "running": running.count(),
        "depth": outbox.depth(),
        "dead": list(Delivery.objects.filter(dead_at__isnull=False).select_related("event").order_by("-dead_at")[:20]),
        "notices": Inbox.objects.filter(processed_at__isnull=True).count(),
        "books": books() if request.GET.get("books") else None,
    }
    return render(request, "console/health.html", context)
