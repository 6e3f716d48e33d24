"""Signing in from an app: a code by phone or e-mail, or a password. What comes back is a token for X-Session-Token."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.account import views
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import app_steps as steps
from accounts.forms.entrance import LONGEST_LOGIN, LONGEST_PASSWORD
from accounts.phones import LONGEST
from accounts.services.factors import LONGEST_CODE as LONGEST_FACTOR
from core.api import PublicDoor, read
from core.api_fields import Nothing, Strict, Text
from core.errors import Invalid, TooMany

LONGEST_CODE = 12
ONE_OF_TWO = _("Send a phone number or an e-mail address, not both.")
LATER = "60"  # seconds: how long the shortest of allauth's own windows is
LIMITED = {"too_many_login_attempts", "rate_limited"}
WORDS: dict[int, tuple[str, Any]] = {
    401: ("not_signed_in", _("Nobody is signed in yet. What is open or pending is in data.flows.")),
    403: ("forbidden", _("You may not do that.")),
    409: ("no_such_step", _("This step is not open. Ask for a new code, or sign in first.")),
    410: ("session_over", _("This session is over. Please sign in again.")),
    429: (TooMany.code, TooMany.default_message),
}


class Reached(Strict):
    """`phone` as people write it, or `email`."""

    phone = Text(required=False, max_length=LONGEST)
    email = Text(required=False, max_length=LONGEST_LOGIN)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("phone" in attrs) == ("email" in attrs):
            raise serializers.ValidationError({"phone": ONE_OF_TWO})
        return attrs


class SignUpInput(Reached):
    """By `phone` alone, or by `email` and `password`; the code that follows proves it."""

    password = Text(required=False, max_length=LONGEST_PASSWORD, trim_whitespace=False)


class PasswordInput(Reached):
    password = Text(max_length=LONGEST_PASSWORD, trim_whitespace=False)


class CodeInput(Strict):
    code = Text(max_length=LONGEST_CODE)


class FactorInput(Strict):
    code = Text(max_length=LONGEST_FACTOR)


class EmailInput(Strict):
    email = Text(max_length=LONGEST_LOGIN)


class NewPasswordInput(CodeInput):
    password = Text(max_length=LONGEST_PASSWORD, trim_whitespace=False)


class SessionMeta(serializers.Serializer[Any]):
    """
    `session_token` is there when it is new: keep the newest and send it as X-Session-Token. So with `device_token`,
    which says at the next sign-in that this device is known: send it as X-Device-Token.
    """

    is_authenticated = serializers.BooleanField(required=False)
    session_token = serializers.CharField(required=False)
    device_token = serializers.CharField(required=False)


class SessionShape(serializers.Serializer[Any]):
    """`data`: `user` and `methods` of who is signed in. A 401 has the same, with `data.flows`: what is pending."""

    status = serializers.IntegerField()
    data = serializers.DictField(required=False)  # type: ignore[assignment]
    meta = SessionMeta(required=False)


class Entrance(PublicDoor):
    """A step on the way in: allauth's headless view behind our door."""

    limit = "sign_in"
    refusals: ClassVar[frozenset[str]] = frozenset({"401", "409", "410"})

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        _kept = request._request.body  # both sides read it

    def go(self, request: Request, view: type[Any], takes: type[Strict] = Nothing) -> Response:
        """Take one step."""
        if request.method == "POST":
            read(takes, request)
        try:
            response = steps.step(view)(request._request)
        except ImmediateHttpResponse as fault:
            response = fault.response
        assert isinstance(response, HttpResponse)
        if not response.headers["Content-Type"].startswith("application/json"):
            raise ParseError
        said = json.loads(response.content)
        device = getattr(request._request, "device_value", None)
        if device:
            said.setdefault("meta", {})["device_token"] = device
        return _told(said, response.status_code)


class SignUp(Entrance):
    @extend_schema(operation_id="signUp", tags=["sign-in"], request=SignUpInput, responses={200: SessionShape})
    def post(self, request: Request) -> Response:
        """Begin an account. Whether there is one already is not said; the code goes to its owner alone."""
        return self.go(request, steps.SignUp, SignUpInput)


class ByPassword(Entrance):
    @extend_schema(operation_id="signIn", tags=["sign-in"], request=PasswordInput, responses={200: SessionShape})
    def post(self, request: Request) -> Response:
        """Sign in by password."""
        return self.go(request, steps.ByPassword, PasswordInput)


class RequestCode(Entrance):
    @extend_schema(operation_id="requestCode", tags=["sign-in"], request=Reached, responses={200: SessionShape})
    def post(self, request: Request) -> Response:
        """Have a code sent. The answer is 401 with a token for the next step, whoever was named."""
        return self.go(request, steps.RequestCode, Reached)


class ConfirmCode(Entrance):
    @extend_schema(operation_id="confirmCode", tags=["sign-in"], request=CodeInput, responses={200: SessionShape})
    def post(self, request: Request) -> Response:
        """Sign in with the code; a few wrong ones end the attempt."""
        return self.go(request, steps.ConfirmCode, CodeInput)


class ResendCode(Entrance):
    @extend_schema(operation_id="resendCode", tags=["sign-in"], request=Nothing, responses={200: SessionShape})
    def post(self, request: Request) -> Response:
        """Have the code for signing in sent again."""
        return self.go(request, views.ResendLoginCodeView)


class VerifyPhone(Entrance):
    @extend_schema(operation_id="verifyPhone", tags=["sign-in"], request=CodeInput, responses={200: SessionShape})
    def post(self, request: Request) -> Response:
        """Prove the phone of a new account."""
        return self.go(request, steps.VerifyPhone, CodeInput)


class ResendPhone(Entrance):
    @extend_schema(operation_id="resendPhoneCode", tags=["sign-in"], request=Nothing, responses={200: SessionShape})
    def post(self, request: Request) -> Response:
        """Have the code for a new account's phone sent again."""
        return self.go(request, views.ResendPhoneVerificationCodeView)


class VerifyEmail(Entrance):
    @extend_schema(operation_id="verifyEmail", tags=["sign-in"], request=CodeInput, responses={200: SessionShape})
    def post(self, request: Request) -> Response:
        """Prove the e-mail address of a new account."""
        return self.go(request, steps.VerifyEmail, CodeInput)


class ResendEmail(Entrance):
    @extend_schema(operation_id="resendEmailCode", tags=["sign-in"], request=Nothing, responses={200: SessionShape})
    def post(self, request: Request) -> Response:
        """Have the code for a new account's e-mail address sent again."""
        return self.go(request, views.ResendEmailVerificationCodeView)


class ProveDevice(Entrance):
    @extend_schema(operation_id="proveDevice", tags=["sign-in"], request=CodeInput, responses={200: SessionShape})
    def post(self, request: Request) -> Response:
        """Prove a device that is not known yet, with the code that was sent; `new_device` is pending until then."""
        return self.go(request, steps.ProveDevice, CodeInput)


class ProveFactor(Entrance):
    @extend_schema(operation_id="proveFactor", tags=["sign-in"], request=FactorInput, responses={200: SessionShape})
    def post(self, request: Request) -> Response:
        """The code of an authenticator app, or a recovery code; `mfa_authenticate` is pending until then."""
        return self.go(request, steps.ProveFactor, FactorInput)


class ResendDevice(Entrance):
    @extend_schema(operation_id="resendDeviceCode", tags=["sign-in"], request=Nothing, responses={200: SessionShape})
    def post(self, request: Request) -> Response:
        """Have the code for a new device sent again."""
        return self.go(request, steps.ResendDevice)


class RequestReset(Entrance):
    @extend_schema(operation_id="requestReset", tags=["sign-in"], request=EmailInput, responses={200: SessionShape})
    def post(self, request: Request) -> Response:
        """Have a code for a new password sent. Whether there is such an account is not said."""
        return self.go(request, steps.RequestReset, EmailInput)


class ResetPassword(Entrance):
    @extend_schema(operation_id="resetPassword", tags=["sign-in"], request=NewPasswordInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Set a new password with the code. All sessions of the old one are over; sign in with the new one."""
        answer = self.go(request, steps.Reset, NewPasswordInput)
        return Response(status=204) if answer.status_code == 401 else answer


class AppSession(Entrance):
    @extend_schema(operation_id="getSession", tags=["sign-in"], responses={200: SessionShape})
    def get(self, request: Request) -> Response:
        """Who is signed in with this token, or what is pending."""
        return self.go(request, views.SessionView)

    @extend_schema(operation_id="signOut", tags=["sign-in"], responses={204: None})
    def delete(self, request: Request) -> Response:
        """Sign out: the token opens nothing any more."""
        answer = self.go(request, views.SessionView)
        return Response(status=204) if answer.status_code == 401 else answer


def _told(said: dict[str, Any], status: int) -> Response:
    """Allauth's answer as it is; a refusal with our code, message and fields beside it."""
    faults = said.pop("errors", [])
    if status < 400:
        return Response(said, status=status)
    if {fault.get("code") for fault in faults} & LIMITED:
        status = 429
    code, message = WORDS.get(status, (Invalid.code, Invalid.default_message))
    fields: dict[str, str] = {}
    for fault in faults if status == 400 else ():
        name = steps.NAMES.get(fault.get("param", ""), fault.get("param", ""))
        if name:
            fields[name] = f"{fields[name]} {fault['message']}" if name in fields else fault["message"]
        else:
            message = fault["message"]
    said |= {"status": status, "code": code, "message": str(message), "fields": fields}
    return Response(said, status=status, headers={"Retry-After": LATER} if status == 429 else None)
