"""Sign-up and login. Allauth's forms with our fields: one line for phone or e-mail, codes that phones can fill in."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as base
from allauth.account.adapter import get_adapter
from allauth.core import context, ratelimit
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts import codes, lockout, pretended
from accounts.adapter import REMEMBER_KEY
from accounts.models import User
from accounts.phones import to_e164
from accounts.services import challenges, people
from core import clock
from core.errors import DomainError, TooMany

LONGEST_LOGIN = 254
LONGEST_PASSWORD = 256  # hashing is made to be slow: nobody may hand in a megabyte
PASSWORD_HELP = _(
    "At least 8 characters, better 15 or more; a few words in a row are good. No common password, no name."
)


def read_login(text: str) -> dict[str, str]:
    """``{"phone": E.164}`` or ``{"email": …}`` from one line; empty if it is neither."""
    text = text.strip()
    if "@" in text:
        try:
            validate_email(text)
        except ValidationError:
            return {}
        return {"email": text.lower()}
    try:
        return {"phone": to_e164(text)}
    except ValidationError:
        return {}


def login_field() -> forms.CharField:
    attrs = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(label=_("Phone or e-mail"), max_length=LONGEST_LOGIN, widget=forms.TextInput(attrs=attrs))


def remember_field() -> forms.BooleanField:
    help_text = _("Leave it empty on a computer that others use.")
    return forms.BooleanField(label=_("Keep me signed in"), required=False, initial=True, help_text=help_text)


def plain(form: forms.Form) -> None:
    """No placeholder that repeats its label, and nothing longer than what can be kept or hashed."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
        if isinstance(field, forms.EmailField):
            field.widget.attrs["maxlength"] = LONGEST_LOGIN
            field.validators.append(MaxLengthValidator(LONGEST_LOGIN))
        if isinstance(field.widget, forms.PasswordInput):
            field.widget.attrs["maxlength"] = LONGEST_PASSWORD
            field.validators.append(MaxLengthValidator(LONGEST_PASSWORD))


class LoginForm(base.LoginForm):
    """Phone or e-mail, and password."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["login"] = login_field()
        self.fields["remember"] = remember_field()
        self.fields["password"].help_text = ""
        self.order_fields(["login", "password", "remember"])
        plain(self)

    def user_credentials(self) -> dict[str, str]:
        """Always one of phone and e-mail; what is neither matches nobody, and says so in the same words."""
        login = self.cleaned_data["login"]
        found = read_login(login) or {"username": login}
        return {**found, "password": self.cleaned_data["password"]}


class RequestLoginCodeForm(forms.Form):
    """Phone or e-mail; a code goes there. Whether there is such an account is not said."""

    login = login_field()
    remember = remember_field()
    _user: User | None = None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        login = data.get("login")
        if not login:
            return data
        found = read_login(login)
        if not found:
            raise ValidationError({"login": _("Enter a phone number or an e-mail address.")})
        target = next(iter(found.values()))
        bucket = lockout.bucket_of(context.request, target, found)  # what others ask for leaves him his own device
        if not ratelimit.consume(context.request, action="request_login_code", key=bucket):
            raise ValidationError(_("Too many tries. Please wait a few minutes and try again."), code="rate_limited")
        self._user = people.finished(**found)  # what somebody else has begun must not be opened by a code
        context.request.session[REMEMBER_KEY] = bool(data.get("remember"))
        return {**data, **found}


class SignupForm(base.SignupForm):
    """By phone (a code comes, no password is needed) or, with ``?by=email``, by e-mail and password."""

    field_order = ("phone", "email", "password1")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        sent_email = bool(self.data.get("email")) and not self.data.get("phone")
        self.by_email = context.request.GET.get("by") == "email" or sent_email
        for name in ["phone"] if self.by_email else ["email", "password1"]:
            del self.fields[name]
        for field in self.fields.values():
            field.required = field.widget.is_required = True
        if self.by_email:
            self.fields["email"].label = _("E-mail")
            self.fields["password1"].help_text = PASSWORD_HELP
        else:
            self.fields["phone"].help_text = _("We send a code to this number. You need no password.")
        plain(self)

    def validate_unique_email(self, value: str) -> str:
        """A sign-up that nobody has proven does not keep the owner of an address out."""
        people.drop_unfinished_sign_ups(email=value)
        found: str = super().validate_unique_email(value)
        return found

    def save(self, request: HttpRequest) -> User:
        with transaction.atomic():  # one commit, as the pretended one has
            with transaction.atomic():  # and the savepoint that it takes back
                user: User = super().save(request)
            pretended.note(request, user)
        return user

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            pretended.sign_up(self, request)
        found: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return found


class CodeMixin(forms.Form):
    """Six digits; a phone offers them from the message, spaces do not matter."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = forms.CharField(label=_("Six-digit code"), max_length=12)
        field.widget.attrs.update(
            {"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True, "pattern": "[0-9 ]*"}
        )
        self.fields["code"] = field

    def clean_code(self) -> str:
        """Counted in the database before it is compared (accounts.services.challenges)."""
        code: str = self.cleaned_data["code"]
        judge_code(getattr(self, "expected_code", None), code)
        self.expected_code = code
        checked: str = super().clean_code()  # type: ignore[misc]
        return checked


def judge_code(reference: str | None, code: str) -> None:
    """:raises ValidationError: if it is not the code behind the reference, or too many were tried"""
    try:
        challenges.judge(challenge_id=codes.id_of(reference), answer=code, now=clock.now())
    except TooMany as refusal:
        raise get_adapter().validation_error("too_many_login_attempts") from refusal
    except DomainError as refusal:
        raise get_adapter().validation_error("incorrect_code") from refusal


class ConfirmLoginCodeForm(CodeMixin, base.ConfirmLoginCodeForm):
    pass


class VerifyPhoneForm(CodeMixin, base.VerifyPhoneForm):
    pass


class ConfirmEmailForm(CodeMixin, base.ConfirmEmailVerificationCodeForm):
    pass


class ConfirmPasswordResetForm(CodeMixin, base.ConfirmPasswordResetCodeForm):
    def clean(self) -> dict[str, Any] | None:
        if not codes.is_reference(self.expected_code) and not self.cleaned_data.get("code"):
            pretended.look_at_member(context.request)  # of a real one's failure allauth tells, and asks who he is
        data: dict[str, Any] | None = super().clean()
        return data


class DeviceCodeForm(CodeMixin, forms.Form):
    """The code that proves a new device; who judges it is ``accounts.device_check``."""

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        return code
