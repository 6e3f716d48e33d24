"""
Allauth's pages under /accounts/, each with its guard.

Pages that change what one signs in with ask for the password first, before their form is shown. Allauth would ask
after the form was sent and keep what was typed, with all headers and cookies, readable in the session meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import urls
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode

from accounts.views import device_check
from core.guards import named

View = Callable[..., HttpResponseBase]
MEMBERS = {
    "account_change_password",
    "account_set_password",
    "account_change_phone",
    "account_email",
    "account_reauthenticate",
}
CONFIRMED_FIRST = {"account_change_phone", "account_email"}


def confirmed_first(view: View) -> View:
    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and is_reauthentication_required(request, app="allauth.account"):
            return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': request.path})}")
        return view(request, *args, **kwargs)

    return door


def guarded(pattern: URLPattern) -> URLPattern:
    view, name = pattern.callback, pattern.name or ""
    if name in CONFIRMED_FIRST:
        view = confirmed_first(view)
    pattern.callback = named(view, "member" if name in MEMBERS else "public")
    return pattern


urlpatterns = [
    path("device/", device_check.device, name="device_check"),
    *(guarded(pattern) for pattern in urls.urlpatterns),
]
