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
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from accounts.confirming import confirmed_first
from accounts.views import device_check, factor_check, not_me, passkeys, qr, recovery, safety, third_party
from core.guards import named

View = Callable[..., HttpResponseBase]
MEMBERS = {
    "account_change_password",
    "account_set_password",
    "account_change_phone",
    "account_email",
    "account_reauthenticate",
}
# What a thief would change first asks again who is there, whatever the session says.
CONFIRMED_FIRST = {
    "account_change_phone": "phone",
    "account_email": "email",
    "account_change_password": "password",
    "account_set_password": "password",
}


def ends_at_security(view: View) -> View:
    """
    A proven number leads to the page on which it stands now.

    Allauth leads to the form of the next change, and that one asks again who is there, as if nothing had been done.
    """

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if getattr(response, "url", "") == reverse("account_change_phone"):
            return redirect("accounts:security")
        return response

    return door


def guarded(pattern: URLPattern) -> URLPattern:
    view, name = pattern.callback, pattern.name or ""
    if name == "account_verify_phone":
        view = ends_at_security(view)
    if name in CONFIRMED_FIRST:
        view = confirmed_first(CONFIRMED_FIRST[name])(view)
    pattern.callback = named(view, "member" if name in MEMBERS else "public")
    return pattern


urlpatterns = [
    path("device/", device_check.device, name="device_check"),
    path("2fa/authenticate/", factor_check.factor, name="mfa_authenticate"),
    path("passkey/", passkeys.sign_in, name="passkey_login"),
    path("qr/", qr.computer, name="qr_login"),
    path("qr/poll/", qr.poll, name="qr_poll"),
    path("qr/<str:token>/", qr.phone, name="qr_phone"),
    path("qr/<str:token>/approve/", qr.approve, name="qr_approve"),
    path("qr/<str:token>/decline/", qr.decline, name="qr_decline"),
    path("stop/<str:token>/", safety.change_stop, name="change_stop"),
    path("recovery/", recovery.recovery, name="recovery"),
    path("recovery/stop/<str:token>/", recovery.recovery_stop, name="recovery_stop"),
    path("recovery/phone/<str:token>/", recovery.recovery_phone, name="recovery_phone"),
    path("not-me/<str:token>/", not_me.not_me, name="not_me"),
    path("<slug:provider>/login/", third_party.begin, name="third_party_login"),
    *(
        path(f"{name}/login/callback/", third_party.callback, {"provider": name}, name=f"{name}_callback")
        for name in third_party.CALLBACKS
    ),
    *(guarded(pattern) for pattern in urls.urlpatterns),
]
