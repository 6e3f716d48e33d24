"""Forms of parcels."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from logistics.carriers.manual import CHOICES
from logistics.errors import ScanInFuture
from logistics.models import Carrier


def number_hint(carriers: Iterable[Carrier]) -> str:
    """What a tracking number looks like where there is no real one to copy from a label."""
    pretended = any(carrier.adapter == "sandbox" for carrier in carriers)
    return gettext("In the sandbox any 6 to 30 letters and digits will do, such as TS12345678.") if pretended else ""


class ScanForm(forms.Form):
    """What happened to a parcel, when and where."""

    status = forms.ChoiceField(label=_("What happened"), choices=[(state.value, state.label) for state in CHOICES])
    at = forms.DateTimeField(
        label=_("When"),
        required=False,
        help_text=_("Leave empty for now."),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    place = forms.CharField(label=_("Place"), max_length=80, required=False)
    courier_phone = forms.RegexField(label=_("Courier's phone"), regex=r"\A[0-9+ -]{5,20}\Z", required=False)
    text = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, now: datetime, paid_at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.paid_at = paid_at

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"] or self.now
        if at > self.now + timedelta(minutes=10):
            raise forms.ValidationError(ScanInFuture.default_message)
        if at < self.paid_at - timedelta(minutes=1):
            raise forms.ValidationError(_("That was before this parcel was booked."))
        return at
