"""Codes of an authenticator app, and what stands in for them."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.services.factors import LONGEST_CODE

DIGITS_ONLY = {"inputmode": "numeric", "autocomplete": "one-time-code", "pattern": "[0-9 ]*"}


class SetupForm(forms.Form):
    """The first code of a new app shows that it was set up rightly."""

    setup = forms.CharField(widget=forms.HiddenInput, max_length=600)
    code = forms.CharField(
        label=_("Code of your authenticator app"), max_length=12, widget=forms.TextInput(attrs=DIGITS_ONLY)
    )


class FactorForm(forms.Form):
    """At sign-in: a code of the app, or a recovery code, in the one field."""

    code = forms.CharField(
        label=_("Your code"), max_length=LONGEST_CODE,
        help_text=_("Six digits from your app, or one of your recovery codes."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )  # fmt: skip
