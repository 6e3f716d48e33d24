"""The page before somebody leaves the site: where the link leads, and what no longer holds there (ASVS 3.7.3)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.guards import public
from core.links import host_of, is_foreign_script
from shop.queries.leaving import product_of_way_out


@public
@require_safe
def leaving(request: HttpRequest) -> HttpResponse:
    """Say where a product's link leads. Only a link that is stored with a product, and signed by us, is shown."""
    product = product_of_way_out(request.GET.get("to", "")[:400])
    link = product.manual_url
    context = {"product": product, "link": link, "host": host_of(link), "is_foreign": is_foreign_script(link)}
    response = render(request, "shop/leaving.html", context)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
