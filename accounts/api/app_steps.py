"""
Allauth's headless steps for apps, fed with the same forms as the pages.

Its own inputs know neither our phone numbers nor unfinished sign-ups; ours ask, limit and keep silent as the pages do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.headless.account import inputs, views
from allauth.headless.constants import Client
from django import forms
from django.http import HttpRequest, HttpResponseBase

from accounts.forms.entrance import RequestLoginCodeForm, SignupForm
from accounts.forms.security import ResetPasswordForm
from accounts.phones import PhoneField

Step = Callable[[HttpRequest], HttpResponseBase]
# What their forms call it, and what we do.
NAMES = {"password1": "password", "__all__": "", "key": "code"}


class SignUpInput(SignupForm):
    def __init__(self, data: dict[str, Any], **options: Any) -> None:
        super().__init__(data={**data, "password1": data.get("password", "")}, **options)


class PasswordInput(inputs.LoginInput):
    phone = PhoneField(required=False)
    password = forms.CharField(strip=False)


class RequestCodeInput(RequestLoginCodeForm):
    def __init__(self, data: dict[str, Any], **options: Any) -> None:
        line = data.get("phone") or data.get("email") or ""
        super().__init__(data={"login": line, "remember": True}, **options)


class RequestResetInput(ResetPasswordForm):
    pass


class VerifyEmailInput(inputs.VerifyEmailInput):
    def __init__(self, data: dict[str, Any], **options: Any) -> None:
        super().__init__(data={"key": data.get("code", "")}, **options)


class ResetInput(inputs.ResetPasswordInput):
    password = forms.CharField(strip=False)

    def __init__(self, data: dict[str, Any], **options: Any) -> None:
        super().__init__(data={**data, "key": data.get("code", "")}, **options)


class SignUp(views.SignupView):
    input_class = {"POST": SignUpInput}


class ByPassword(views.LoginView):
    input_class = PasswordInput


class RequestCode(views.RequestLoginCodeView):
    input_class = RequestCodeInput


class VerifyEmail(views.VerifyEmailView):
    input_class = VerifyEmailInput


class RequestReset(views.RequestPasswordResetView):
    input_class = RequestResetInput


class Reset(views.ResetPasswordView):
    input_class = ResetInput


def step(view: type[views.APIView]) -> Step:
    """One of them as it is called by an app: the session is that of its token, whatever cookies say."""
    made: Step = view.as_api_view(client=Client.APP)
    return made
