"""The readable description of the API, under the same content security policy as every page."""

from __future__ import annotations

from drf_spectacular.views import SpectacularSwaggerSplitView


class ApiDocs(SpectacularSwaggerSplitView):
    """Swagger UI from our own files: script and settings come as files, no style is written into the page."""

    url_name = "api-schema"
    template_name = "pages/api_docs.html"
    title = "Tashi API v1"
