"""The page that shows every component in every state."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import clock
from core.guards import public
from core.samples import samples

SECTIONS = ("tokens", "money", "states", "lists", "forms", "case", "office")


@public
@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Shown in the scheme asked for, else in the device's."""
    scheme = request.GET.get("scheme", "")
    shown = {
        "scheme": scheme if scheme in ("light", "dark") else "",
        "sections": [f"styleguide/{name}.html" for name in SECTIONS],
        **samples(now=clock.now()),
    }
    return render(request, "styleguide.html", shown)
