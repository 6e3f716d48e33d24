"""Sealed documents, opened for one person: never cached, never shown by a browser as a page of ours."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_safe

from core.guards import mediator
from core.http import actor_of
from shop.guards import MerchantRequest, merchant, sensitive
from shop.roles import Act
from shop.services.viewing import open_document


@merchant(Act.APPLY)
@require_safe
@sensitive("sealed_view")
def own(request: MerchantRequest, pk: UUID) -> StreamingHttpResponse:
    """A paper of the store, for those who answer for it."""
    return _file(request, pk)


@mediator
@require_safe
@sensitive("sealed_view")
def assigned(request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
    """A paper of a store, for the reviewer it is assigned to; 404 for everybody else."""
    return _file(request, pk)


def _file(request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
    found = open_document(document_id=pk, copy="copy" in request.GET, actor=actor_of(request))
    response = StreamingHttpResponse(found.chunks, content_type=found.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
