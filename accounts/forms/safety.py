"""What is typed under “Safety”."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from accounts.forms.entrance import PASSWORD_HELP
from accounts.models import User


class NewPasswordForm(forms.Form):
    """A password that is new, typed twice."""

    password1 = forms.CharField(
        label=_("New password"), max_length=256, strip=False, help_text=PASSWORD_HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    password2 = forms.CharField(
        label=_("New password again"), max_length=256, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user

    def clean_password1(self) -> str:
        password = str(self.cleaned_data["password1"])
        validate_password(password, self.user)
        if self.user.check_password(password):
            raise forms.ValidationError(_("This is the password there was. Take another one."))
        return password

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "password1" in data and data["password1"] != data.get("password2"):
            self.add_error("password2", _("The two passwords are not the same."))
        return data
