"""
Allauth's headless steps for apps, fed with the same forms as the pages.

Its own inputs know neither our phone numbers nor unfinished sign-ups; ours ask, limit and keep silent as the pages do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.stagekit import stash_login
from allauth.account.stages import LoginStage
from allauth.headless.account import inputs, views
from allauth.headless.base.views import AuthenticationStageAPIView
from allauth.headless.constants import Client
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase

from accounts import device_check, factor_check
from accounts.forms.entrance import CodeMixin, RequestLoginCodeForm, SignupForm, judge_code
from accounts.forms.security import ResetPasswordForm
from accounts.phones import PhoneField
from accounts.services.factors import LONGEST_CODE
from accounts.stages import FactorStage, NewDeviceStage
from core.errors import DomainError, TooMany

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


class ConfirmCodeInput(CodeMixin, inputs.ConfirmLoginCodeInput):
    pass


class VerifyPhoneInput(CodeMixin, inputs.VerifyPhoneInput):
    pass


class StageCodeInput(inputs.inputs.Input):
    """A code that the step itself judges."""

    code = forms.CharField(max_length=LONGEST_CODE)
    judge = staticmethod(device_check.answer)

    def __init__(self, *args: Any, stage: LoginStage, **options: Any) -> None:
        self.stage = stage
        super().__init__(*args, **options)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        try:
            self.judge(self.stage, code)
        except TooMany as refusal:
            raise get_adapter().validation_error("too_many_login_attempts") from refusal
        except DomainError as refusal:
            raise get_adapter().validation_error("incorrect_code") from refusal
        return code


class FactorInput(StageCodeInput):
    judge = staticmethod(factor_check.answer)


class VerifyEmailInput(inputs.VerifyEmailInput):
    def __init__(self, data: dict[str, Any], **options: Any) -> None:
        super().__init__(data={"key": data.get("code", "")}, **options)

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        judge_code(self.process.code if self.process else None, key)
        if not self.process.email_address.can_set_verified():
            raise get_adapter().validation_error("email_taken")
        return key


class ResetInput(inputs.ResetPasswordInput):
    password = forms.CharField(strip=False)

    def __init__(self, data: dict[str, Any], **options: Any) -> None:
        super().__init__(data={**data, "key": data.get("code", "")}, **options)

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        return key

    def clean(self) -> dict[str, Any]:
        """
        The password first, as if it were nobody's: a weak one must not use the code up, and who is not here is refused
        one in the same words.
        """
        data: dict[str, Any] = self.cleaned_data
        if "password" in data and "key" in data:
            self._try("password", lambda: get_adapter().clean_password(data["password"], user=None))
            if not self.errors:
                self._try("key", lambda: judge_code(self.code, data["key"]))
            if not self.errors:
                self._try("password", lambda: get_adapter().clean_password(data["password"], user=self.user))
        return data

    def _try(self, field: str, check: Callable[[], object]) -> None:
        try:
            check()
        except ValidationError as fault:
            self.add_error(field, fault)


class SignUp(views.SignupView):
    input_class = {"POST": SignUpInput}


class ByPassword(views.LoginView):
    input_class = PasswordInput


class RequestCode(views.RequestLoginCodeView):
    input_class = RequestCodeInput


class ConfirmCode(views.ConfirmLoginCodeView):
    input_class = ConfirmCodeInput


class VerifyPhone(views.VerifyPhoneView):
    input_class = VerifyPhoneInput


class ProveDevice(AuthenticationStageAPIView):
    """Our own stage, spoken to as allauth's are."""

    stage_class = NewDeviceStage
    input_class = StageCodeInput

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = self.respond_next_stage()
        return response

    def get_input_kwargs(self) -> dict[str, Any]:
        return {**super().get_input_kwargs(), "stage": self.stage}


class ProveFactor(ProveDevice):
    stage_class = FactorStage
    input_class = FactorInput


class ResendDevice(AuthenticationStageAPIView):
    stage_class = NewDeviceStage

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        device_check.send(self.stage)
        stash_login(request, self.stage.login)
        response: HttpResponseBase = self.respond_stage_error()  # 401: what is pending is in it
        return response


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
