"""Phone numbers: typed in any way, kept as E.164, shown as they are dialled at home."""

from __future__ import annotations

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from phonenumbers import PhoneNumberFormat

HOME = "CN"
LONGEST = 40  # as typed, with spaces and country code


def to_e164(text: str) -> str:
    """
    Read a number as people write it; without a country code it is Chinese.

    :raises ValidationError: if no telephone can have it
    """
    wrong = ValidationError(
        _("Enter a phone number that can be reached, such as 138 0013 8000, or +44 … from abroad."), code="phone"
    )
    if len(text) > LONGEST:
        raise wrong
    try:
        number = phonenumbers.parse(text, HOME)
    except phonenumbers.NumberParseException as fault:
        raise wrong from fault
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise wrong
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def at_home(e164: str) -> str:
    """``138 0013 8000`` for a Chinese number, ``+44 20 7946 0958`` for another."""
    try:
        number = phonenumbers.parse(e164, HOME)
    except phonenumbers.NumberParseException:
        return e164
    is_home = number.country_code == phonenumbers.country_code_for_region(HOME)
    style = PhoneNumberFormat.NATIONAL if is_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


class PhoneField(forms.CharField):
    """A number in any writing; the cleaned value is E.164."""

    def __init__(self, **options: object) -> None:
        options.setdefault("label", _("Phone"))
        options.setdefault("max_length", LONGEST)
        widget = forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"})
        options.setdefault("widget", widget)
        super().__init__(**options)  # type: ignore[arg-type]

    def clean(self, value: object) -> str:
        text: str = super().clean(value)
        return to_e164(text) if text else ""
