"""Filters of a running account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


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
        ],
    )
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def wanted(self) -> dict[str, Any]:
        """The filters that were understood."""
        self.is_valid()
        found = ((name, value) for name, value in self.cleaned_data.items() if value)
        return {name: value for name, value in found if 2000 <= getattr(value, "year", 2000) <= 2100}
