"""Our word in allauth's flows: phones, letters, who counts as known, and how long somebody stays signed in."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import codes, entering, lockout, pretended
from accounts.doors import device_of, seen_by
from accounts.languages import remember_language
from accounts.models import User
from accounts.phones import PhoneField
from accounts.queries.people import named
from accounts.services import changes, people, standing
from accounts.services.messages import send_sms
from core import clock
from core.actor import Actor
from core.errors import TooMany
from flows import guarding

REMEMBER_KEY = "sign_in_remember"
NO_MATCH = gettext_lazy("That does not match. Check the phone number or e-mail, and the password.")


class AccountAdapter(DefaultAccountAdapter):
    """One private name of allauth is relied upon, ``_get_login_attempts_cache_key``; a contract test watches it."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": NO_MATCH,
        "phone_password_mismatch": NO_MATCH,
        "username_password_mismatch": NO_MATCH,
        "too_many_login_attempts": gettext_lazy("Too many tries. Please wait a few minutes and try again."),
        "rate_limited": TooMany.default_message,
        "incorrect_code": gettext_lazy("This is not the code we sent. Look at the newest message."),
        "phone_taken": gettext_lazy("This phone number belongs to another account."),
        "email_taken": gettext_lazy("This e-mail address belongs to another account."),
    }

    # --- phones -------------------------------------------------------------------------------------------------------

    def phone_form_field(self, **options: Any) -> PhoneField:
        return PhoneField(**options)

    def get_phone(self, user: Any) -> tuple[str, bool] | None:
        return (user.phone, user.phone_verified) if user.phone else None

    def set_phone(self, user: Any, phone: str, verified: bool) -> None:
        people.set_phone(user, phone=phone, is_verified=verified)

    def set_phone_verified(self, user: Any, phone: str) -> None:
        """Both ends of a proof: at sign-up the number is there already, at a change it is set only now."""
        people.drop_unfinished_sign_ups(phone=phone, keep=user.pk)
        with transaction.atomic():
            was = changes.before(user.pk)
            self.set_phone(user, phone, True)
            self._note("phone", was)

    # --- what a thief would change: not while the account is limited, and never in silence ----------------------------

    def set_password(self, user: Any, password: str) -> None:
        is_inside = self.request is not None and self.request.user.is_authenticated
        standing.require(user.pk, "change_sign_in" if is_inside else "reset_password")
        with transaction.atomic():
            was = changes.before(user.pk)
            super().set_password(user, password)
            self._note("password", was)

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        was = changes.before(email_address.user_id)
        if was.email and was.email != email_address.email:
            standing.require(email_address.user_id, "change_sign_in")
        with transaction.atomic():
            is_done: bool = super().confirm_email(request, email_address)
            self._note("email", was)
        return is_done

    def _note(self, what: str, was: changes.Before) -> None:
        """Write down what has changed, and from where."""
        request = self.request
        device = device_of(request) if request is not None and hasattr(request, "session") else None
        ip = seen_by(request).ip if request is not None else ""
        actor = Actor(user_id=was.user_id, device_id=device)
        guarding.note_change(what, was, actor=actor, device_id=device, ip=ip, now=clock.now())

    def get_user_by_phone(self, phone: str) -> User | None:
        """Only a proven number is somebody's: an unfinished sign-up must not keep its owner out."""
        return named(phone=phone)

    def send_verification_code_sms(self, user: Any, phone: str, code: str, **more: Any) -> None:
        if codes.is_reference(code):
            code = codes.digits_for(code, purpose="phone", channel="sms", to=phone, user=user)
        text = _("%(code)s is your code. It is valid for a few minutes. Never tell it to anybody, not even to us.")
        self._text(phone, text % {"code": code})

    def send_unknown_account_sms(self, phone: str, **more: Any) -> None:
        self._generate_phone_verification_code_compat(user=pretended.member(), phone=phone)  # told to nobody
        codes.no_code_for(phone, purpose="phone", channel="sms")
        self._text(
            phone, _("Somebody tried to sign in with this number. It has no account yet: you can sign up with it.")
        )

    def send_account_already_exists_sms(self, phone: str) -> None:
        codes.no_code_for(phone, purpose="phone", channel="sms")
        self._text(
            phone, _("Somebody tried to sign up with this number. It has an account already: sign in with a code.")
        )

    def _text(self, phone: str, words: str) -> None:
        context.request.__dict__["has_told"] = True
        send_sms(to=phone, body=f"[{settings.SITE_NAME}] {words}", now=clock.now(), is_secret=True)

    def add_message(self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any,
                    **more: Any) -> None:  # fmt: skip
        """A message “sent again” is sent again to whoever has an account already, too: silence would be heard."""
        about = (more.get("message_context") or (args[0] if args else None)) or {}
        if not request.__dict__.get("has_told"):
            if message_template == "account/messages/phone_verification_sent.txt":
                self.send_account_already_exists_sms(about["phone"])
            elif message_template == "account/messages/email_confirmation_sent.txt":
                pretended.look_at_address(about["email"])
                self.send_account_already_exists_mail(about["email"])
        super().add_message(request, level, message_template, *args, **more)

    # --- codes: what allauth keeps of them is a reference (accounts.codes) --------------------------------------------

    def generate_login_code(self) -> str:
        return codes.draw()

    def generate_password_reset_code(self) -> str:
        return codes.draw()

    def generate_email_verification_code(self) -> str:
        return codes.draw()

    def generate_phone_verification_code(self, *, user: Any, phone: str) -> str:
        return codes.draw()

    # --- sign-up and login --------------------------------------------------------------------------------------------

    def save_user(self, request: HttpRequest, user: Any, form: Form, commit: bool = True) -> User:
        """Phone or e-mail in one insert: the table wants at least one of them from the start."""
        data = form.cleaned_data
        user.email, user.phone = data.get("email") or None, data.get("phone") or None
        user.language = translation.get_language() or settings.LANGUAGE_CODE
        user.set_password(data.get("password1") or None)
        if commit:
            people.save_new(user)
        return cast(User, user)

    def get_login_stages(self) -> list[str]:
        ours = {
            "allauth.account.stages.EmailVerificationStage": "accounts.stages.EmailVerificationStage",
            "allauth.mfa.stages.AuthenticateStage": "accounts.stages.FactorStage",
        }
        shipped = [ours.get(path, path) for path in super().get_login_stages()]
        # The code that is asked for by name comes before there is a login at all; what is begun, is begun after it.
        return [
            shipped[0],
            "accounts.stages.BeginStage",
            *shipped[1:],
            "accounts.stages.NewDeviceStage",
            "accounts.stages.EndStage",
        ]

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, str]]:
        """By password alone; whatever weighs more asks with ``accounts.confirming``, which knows the factors."""
        if not user.is_authenticated or not user.has_usable_password():
            return []
        return [
            {"id": "reauthenticate", "description": _("Use your password"), "url": reverse("account_reauthenticate")}
        ]

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """A bucket per account. Allauth's own looks at e-mail and username only, so all phones would share one."""
        phone = lockout.phone_of(credentials)
        name = f"phone:{phone}" if phone else super()._get_login_attempts_cache_key(request, **credentials)
        return lockout.bucket_of(request, name, credentials)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            lockout.note_failure(request, "limited", credentials)
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        lockout.note_failure(request, "wrong", credentials)

    def login(self, request: HttpRequest, user: Any) -> None:
        remember = request.session.pop(REMEMBER_KEY, None)
        super().login(request, user)
        if remember is not None:
            request.session.set_expiry(settings.SESSION_COOKIE_AGE if remember else 0)
        entering.enter(request, user)

    def logout(self, request: HttpRequest) -> None:
        entering.leave(request)
        super().logout(request)

    def post_login(self, request: HttpRequest, user: Any, **how: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **how)
        remember_language(response, user.language)
        if request.session.get("third_party"):  # came with an account elsewhere that may be connected now
            response = redirect("accounts:security")
            remember_language(response, user.language)
        entering.keep_device(request, response)
        return response

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Not to the form once more, which would ask again who is there for what has just been done."""
        return reverse("accounts:security")

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        """A member goes back to where his ways of signing in stand; somebody new goes on as ever."""
        if self.request.user.is_authenticated:
            return reverse("accounts:security")
        return str(super().get_email_verification_redirect_url(email_address))

    # --- letters ------------------------------------------------------------------------------------------------------

    def render_mail(self, template_prefix: str, email: Any, about: dict[str, Any], headers: Any = None) -> EmailMessage:
        """In the receiver's language where we know who it is; else in that of the page."""
        user = about.get("user")
        about = {**about, "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
        context.request.__dict__["has_told"] = True
        if codes.is_reference(about.get("code")):
            about["code"] = self._digits(template_prefix, email, about)
        elif template_prefix in codes.WITHOUT_CODE:
            codes.no_code_for(email, purpose=codes.WITHOUT_CODE[template_prefix], channel="email")
        with translation.override(getattr(user, "language", None) or translation.get_language()):
            return super().render_mail(template_prefix, email, about, headers)

    def _digits(self, template_prefix: str, email: str, about: dict[str, Any]) -> str:
        user = about.get("user") or named(email=email)
        purpose = codes.PURPOSES.get(template_prefix, "email")
        return codes.digits_for(about["code"], purpose=purpose, channel="email", to=email, user=user)

    def send_notification_mail(self, template_prefix: str, user: Any, context: Any = None, email: Any = None) -> None:
        super().send_notification_mail(template_prefix, user, {**(context or {}), "user": user}, email)


class FactorAdapter(DefaultMFAAdapter):
    """Nothing secret goes into allauth's table: secrets lie sealed for their owner in ``TotpSecret``."""

    def encrypt(self, text: str) -> str:
        raise NotImplementedError("secrets of factors are kept by accounts.services.factors")

    def decrypt(self, encrypted_text: str) -> str:
        raise NotImplementedError("secrets of factors are kept by accounts.services.factors")
