"""“This was not me”: the link in an alert. A look changes nothing; the button locks."""

from __future__ import annotations

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.services.links import read_not_me
from core import clock
from core.guards import public
from flows import guarding


@public
@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the button does; on POST do it."""
    told = read_not_me(token)
    if request.method == "POST":
        guarding.not_me(told=told, now=clock.now())
        if request.user.is_authenticated and request.user.pk == told.user_id:
            logout(request)
    user = User.objects.get(pk=told.user_id)
    context = {"is_done": request.method == "POST", "has_email": bool(user.email), "standing": user.standing}
    return render(request, "account/not_me.html", context)
