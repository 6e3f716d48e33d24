"""Evidence is never under a public address."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from core.errors import NotFound
from core.guards import member
from core.http import actor_of
from disputes.queries import evidence_for
from disputes.views.seats import may_see


@member
@require_safe
def evidence_file(request: HttpRequest, pk: UUID) -> FileResponse:
    """A picture of a case, for its two parties and mediators; 404 for everybody else."""
    try:
        piece = evidence_for(evidence_id=pk)
        if not piece.file or not may_see(piece.case, actor_of(request)):
            raise Http404
        response = FileResponse(piece.file.open("rb"), content_type="image/webp")
    except (NotFound, FileNotFoundError) as gone:
        raise Http404 from gone
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
