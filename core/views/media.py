"""Public pictures. Everything else under MEDIA_ROOT (evidence, documents) is served only by its own guarded view."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

from core.guards import public


@public
@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A re-encoded picture; names carry a digest, so it may be cached for a year."""
    try:
        response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    except OSError as fault:  # a name longer than any file's
        raise Http404 from fault
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    if settings.MEDIA_HOST:  # another origin of the same site
        response.headers["Cross-Origin-Resource-Policy"] = "same-site"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
