"""Pack photos are evidence: never under a public address."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from core.errors import NotFound
from core.guards import member
from core.http import actor_of
from logistics import queries


@member
@require_safe
def pack_photo(request: HttpRequest, pk: UUID) -> FileResponse:
    """For the two parties and mediators; 404 for everybody else."""
    try:
        photo = queries.photo_for(photo_id=pk, actor=actor_of(request))
        response = FileResponse(photo.file.open("rb"), content_type="image/webp")
    except (NotFound, FileNotFoundError) as gone:
        raise Http404 from gone
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
