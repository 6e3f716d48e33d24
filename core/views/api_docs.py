"""The description of the API, and its readable page under the same content security policy as every page."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class ApiDescription(SpectacularAPIView):
    """OpenAPI, made anew for each reader: a second of work, so nobody may ask often."""

    limit = "schema"
    limits_looks = True


class ApiDocs(SpectacularSwaggerSplitView):
    """Swagger UI from our own files: script and settings come as files, no style is written into the page."""

    url_name = "api-schema"
    template_name = "pages/api_docs.html"
    title = "Tashi API v1"
