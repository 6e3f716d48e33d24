"""Changing what one signs in with."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as base
from django.utils.translation import gettext_lazy as _

from accounts.forms.entrance import PASSWORD_HELP, plain
from accounts.queries.people import named


class ChangePasswordForm(base.ChangePasswordForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["oldpassword"].help_text = ""
        self.fields["oldpassword"].label = _("Current password")
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = PASSWORD_HELP
        self.fields["password2"].label = _("New password again")
        plain(self)


class SetPasswordForm(base.SetPasswordForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password1"].help_text = PASSWORD_HELP
        self.fields["password2"].label = _("Password again")
        plain(self)


class ResetPasswordForm(base.ResetPasswordForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["email"].label = _("E-mail")
        plain(self)

    def clean_email(self) -> str:
        """One question whether there is such an account or not; allauth asks twice for what nobody has."""
        email: str = self.cleaned_data["email"].lower()
        user = named(email=email)
        self.users = [user] if user is not None and user.is_active else []
        return email


class ResetPasswordKeyForm(base.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = PASSWORD_HELP
        self.fields["password2"].label = _("New password again")
        plain(self)


class AddEmailForm(base.AddEmailForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["email"].label = _("New e-mail")
        plain(self)


class ChangePhoneForm(base.ChangePhoneForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["phone"].label = _("New phone")


class ReauthenticateForm(base.ReauthenticateForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password"].help_text = ""
        plain(self)
