"""The page before somebody leaves the site: where the link leads, and what no longer holds there (ASVS 3.7.3)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.guards import public
from core.http import actor_of
from shop.views.ways_out import way_out_of


@public
@require_safe
def leaving(request: HttpRequest) -> HttpResponse:
    """Say where a link leads. Only one that stands somewhere now, and that we have signed, is shown."""
    way = way_out_of(request.GET.get("to", "")[:400], actor_of(request))
    response = render(request, "shop/leaving.html", {"way": way, "link": way.link, "host": way.host})
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
