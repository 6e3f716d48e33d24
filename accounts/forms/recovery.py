"""What somebody types who cannot sign in any more."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from accounts.forms.factors import DIGITS_ONLY
from accounts.phones import PhoneField, to_e164
from flows.recovery import Claim, OrderSaid


def address(text: str) -> str:
    """
    A phone in E.164 or an e-mail in small letters.

    :raises ValidationError: if it is neither
    """
    plain = text.strip()
    if "@" in plain:
        validate_email(plain)
        return plain.lower()
    return to_e164(plain)


class AddressField(forms.CharField):
    """A phone or an e-mail."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return address(text) if text else ""


def _amount(label: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, required=False, max_digits=12, decimal_places=2, min_value=Decimal("0.01"))


class ClaimForm(forms.Form):
    """Which account, how to reach you, and what you remember."""

    login = AddressField(label=_("Phone or e-mail of the account"), max_length=254)
    contact = AddressField(label=_("Where we can reach you now (e-mail or phone)"), max_length=254)
    earlier = AddressField(label=_("Another phone or e-mail it had, now or before"), max_length=254, required=False)
    password = forms.CharField(
        label=_("Password, if you know it"), max_length=256, required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    number = forms.CharField(
        label=_("Number of a paid order"), max_length=40, required=False,
        help_text=_("One that was sent to somebody: an order of codes alone has no recipient and proves nothing here."),
    )  # fmt: skip
    amount = _amount(_("Its amount"))
    recipient = forms.CharField(label=_("Its recipient"), max_length=40, required=False)
    number2 = forms.CharField(label=_("Number of another"), max_length=40, required=False)
    amount2 = _amount(_("Amount of the other order"))
    recipient2 = forms.CharField(label=_("Recipient of the other order"), max_length=40, required=False)

    def claim(self, *, cookie: str) -> Claim:
        data = self.cleaned_data
        orders = [
            OrderSaid(data[f"number{end}"], int(data[f"amount{end}"] * 100), data[f"recipient{end}"])
            for end in ("", "2")
            if data[f"number{end}"] and data[f"amount{end}"] is not None
        ]
        return Claim(
            login=data["login"], contact=data["contact"], earlier=data["earlier"], password=data["password"],
            orders=orders, cookie=cookie,
        )  # fmt: skip


class NewPhoneForm(forms.Form):
    """The number that shall be proven."""

    phone = PhoneField(label=_("New phone"))


class CodeForm(forms.Form):
    """The six digits that went to it."""

    code = forms.CharField(
        label=_("Six-digit code"), max_length=12, widget=forms.TextInput(attrs={**DIGITS_ONLY, "autofocus": True})
    )
