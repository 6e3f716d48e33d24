"""Filters of a running account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.money import BadAmount, Money, parse

ASKED_AS = {"amount_from": "min_minor", "amount_to": "max_minor"}


class AmountField(forms.CharField):
    """An amount as people type it, in minor units; what is none is no filter."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=20, required=False, **kwargs)

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value))
        try:
            return parse(text).minor if text else None
        except BadAmount as fault:
            raise forms.ValidationError(str(fault.message)) from fault


class LinesForm(forms.Form):
    """Order number, kind and dates; what makes no sense is left out, a list is never an error page."""

    order_number = forms.CharField(label=_("Order number"), max_length=20, required=False)
    kind = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=[
            ("", _("All")),
            ("release", _("Releases")),
            ("payout", _("Payouts")),
            ("refund", _("Refunds")),
            ("chargeback", _("Chargebacks")),
            ("compensation", _("Made good by the platform")),
        ],
    )
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    amount_from = AmountField(label=_("Amount from"))
    amount_to = AmountField(label=_("Amount up to"))

    def wanted(self) -> dict[str, Any]:
        """The filters that were understood."""
        self.is_valid()
        given = self.cleaned_data.items()
        found = ((ASKED_AS.get(name, name), value) for name, value in given if value not in (None, ""))
        return {name: value for name, value in found if 2000 <= getattr(value, "year", 2000) <= 2100}

    def told(self) -> list[tuple[str, str]]:
        """The filters that were understood, in words."""
        wanted = self.wanted()
        found = []
        for name, field in self.fields.items():
            if ASKED_AS.get(name, name) in wanted:
                text = str(self.cleaned_data[name]) if name not in ASKED_AS else Money(self.cleaned_data[name]).digits
                words = {str(key): str(word) for key, word in getattr(field, "choices", ())}
                found.append((str(field.label), words.get(text, text)))
        return found


class BuyerLinesForm(LinesForm):
    """The same over a buyer's money."""

    kind = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=[
            ("", _("All")), ("capture", _("Payments")), ("release", _("Releases to stores")), ("refund", _("Refunds")),
            ("chargeback", _("Chargebacks")),
            ("compensation", _("Made good by the platform")),
        ],
    )  # fmt: skip
