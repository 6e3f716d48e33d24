"""Is it alive, and is it ready?"""

from __future__ import annotations

from datetime import timedelta

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from core import clock, deadlines, outbox
from core.guards import public


@public
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; asks nothing of anybody else."""
    return JsonResponse({"status": "ok"})


@public
def readyz(request: HttpRequest) -> JsonResponse:
    """503 when the database is away or deadlines have been overdue for a quarter of an hour: nobody is sweeping."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        late = deadlines.overdue(now=clock.now(), by=timedelta(minutes=15))
        owed = outbox.depth()
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    state = {"status": "late" if late else "ok", "overdue_deadlines": late, "outbox": owed}
    return JsonResponse(state, status=503 if late else 200)
