"""What staff write down about payouts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from disputes.forms import AmountInput, PercentInput
from escrow.services.terms import LONGEST_RESERVE_DAYS, MAX_REASON


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
