"""The form by which staff make something good in an incident."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.money import BadAmount, parse
from escrow.services.compensations import MAX_REASON
from flows.compensation_targets import Place


class CompensationForm(forms.Form):
    """
    How much, where to, and why. ``number``: which of the incident's it is, as the page that was filled in has it, so
    that a second press, or a second person, does not pay a second time.
    """

    place = forms.ChoiceField(label=_("Where it goes"))
    amount = forms.CharField(
        label=_("Amount"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    reason = forms.CharField(label=_("Why"), max_length=MAX_REASON, help_text=_("The member reads it."))
    number = forms.IntegerField(min_value=1, max_value=9_999, widget=forms.HiddenInput)

    def __init__(self, *args: Any, places: Sequence[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = {place.key: place for place in places}
        self.fields["place"].choices = [(place.key, place.words) for place in places]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        place = self.places.get(data.get("place", ""))
        try:
            data["money"] = parse(str(data.get("amount", "")), currency=place.currency if place else "CNY")
            if not data["money"]:
                self.add_error("amount", _("More than nothing."))
        except BadAmount as fault:
            if "amount" not in self.errors:
                self.add_error("amount", fault.message)
        return data

    def wish(self) -> dict[str, Any]:
        """What ``flows.compensation.decide`` takes."""
        said, place = self.cleaned_data, self.places[self.cleaned_data["place"]]
        return {
            "number": said["number"], "store_id": place.store_id, "payment_id": place.payment_id,
            "amount": said["money"], "reason": said["reason"],
        }  # fmt: skip

    def show(self, refusal: DomainError) -> None:
        self.add_error(None, refusal.message)
