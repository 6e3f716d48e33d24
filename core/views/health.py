"""Is it alive, and is it ready?"""

from __future__ import annotations

from datetime import timedelta

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from core import alarms, clock, deadlines, outbox
from core.guards import public

PATIENCE = timedelta(minutes=15)


@public
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; asks nothing of anybody else."""
    return JsonResponse({"status": "ok"})


@public
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """503 when the database is away, or deadlines, effects or seals have waited 15 minutes: nobody works."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        now = clock.now()
        late = deadlines.overdue(now=now, by=PATIENCE)
        owed = outbox.depth()
        rings = [alarm.name for alarm in alarms.ringing(now, unready_only=True)]
        waits = outbox.oldest_owed(now=now) > PATIENCE
    except Error:
        return JsonResponse({"status": "no database"}, status=503)
    is_late = bool(late or rings) or waits
    state = {"status": "late" if is_late else "ok", "overdue_deadlines": late, "outbox": owed, "alarms": rings}
    return JsonResponse(state, status=503 if is_late else 200)
