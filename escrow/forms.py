"""Forms of the money's own pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.money import BadAmount, parse
from disputes.forms import AmountInput, PercentInput
from escrow.queries import accounts_to_correct
from escrow.services.terms import LONGEST_RESERVE_DAYS, MAX_REASON


class CorrectionForm(forms.Form):
    """One correction of the books, to be signed by somebody else. Amounts are in the accounts' currency."""

    debit = forms.ChoiceField(label=_("From this account"))
    credit = forms.ChoiceField(label=_("To this account"))
    amount = forms.CharField(
        label=_("Amount"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        help_text=_("What happened, and what shows it. Whoever signs reads this."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = [(key, key) for key in accounts_to_correct()]
        for name in ("debit", "credit"):
            self.fields[name].choices = [("", "–"), *keys]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        currency = str(data.get("debit", "")).rpartition(":")[2] or "CNY"
        try:
            data["money"] = parse(str(data.get("amount", "")), currency=currency)
        except BadAmount as fault:
            self.add_error("amount", fault.message)
        return data

    def show(self, refusal: DomainError) -> None:
        """Put a refusal beside the fields that are at fault."""
        for name, text in refusal.fields.items():
            self.add_error(name if name in self.fields else None, str(text))
        if not refusal.fields:
            self.add_error(None, refusal.message)


class TermsForm(forms.Form):
    """A store's terms: how far below zero its balance may fall, and what stays back from its payouts."""

    credit_line = AmountInput(
        label=_("Credit line"),
        help_text=_("How far below zero the balance may fall when buyers are refunded after the release."),
    )
    reserve = PercentInput(label=_("Reserve, in per cent"), help_text=_("Of what was released in the days below."))
    reserve_days = forms.IntegerField(label=_("Days of the reserve"), min_value=0, max_value=LONGEST_RESERVE_DAYS)
    reason = forms.CharField(label=_("Reason"), max_length=MAX_REASON, help_text=_("Goes on the record."))

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credit_line"].currency = currency  # type: ignore[attr-defined]

    def wanted(self) -> dict[str, Any]:
        """What ``set_terms`` takes."""
        said = self.cleaned_data
        return {
            "credit_line_minor": said["credit_line"].minor, "reserve_bps": said["reserve"],
            "reserve_days": said["reserve_days"], "reason": said["reason"],
        }  # fmt: skip
