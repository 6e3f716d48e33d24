"""The form by which a merchant gives money back after the release."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.money import BadAmount, parse


class GiveBackForm(forms.Form):
    """How much, in the order's currency, and why."""

    amount = forms.CharField(
        label=_("Amount"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    reason = forms.CharField(label=_("Why"), max_length=60, required=False, help_text=_("The buyer does not see it."))

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        try:
            data["money"] = parse(str(data.get("amount", "")), currency=self.currency)
        except BadAmount as fault:
            if "amount" not in self.errors:
                self.add_error("amount", fault.message)
        return data

    def wish(self) -> dict[str, Any]:
        return {"amount_minor": self.cleaned_data["money"].minor, "reason": self.cleaned_data["reason"]}

    def show(self, refusal: DomainError) -> None:
        self.add_error(None, refusal.message)
