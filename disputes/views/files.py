"""Evidence is never under a public address."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_safe

from core.errors import NotFound
from core.guards import member
from core.http import actor_of, sealed_attachment
from disputes.queries import evidence_for
from disputes.services.evidence import open_original
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


@member
@require_safe
def evidence_original(request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
    """The file as it came, for its author and the mediator of the case; to be kept, never to be shown by a browser."""
    try:
        piece = evidence_for(evidence_id=pk)
        chunks = open_original(piece=piece, actor=actor_of(request))
    except NotFound as gone:
        raise Http404 from gone
    name = f"{piece.case.number}-{str(piece.pk)[:8]}.original"
    return sealed_attachment(chunks, name=name, size=piece.original_bytes)
