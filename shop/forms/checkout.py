"""What the checkout's door reads."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from core.money import MAX_MINOR

STALE = _("This page is out of date. Please check it and place the order again.")
_ALL = ("required", "invalid", "min_value", "max_value")


class CheckoutForm(forms.Form):
    """Where to, what the buyer was shown, and the key that makes one checkout of two clicks."""

    address = forms.UUIDField(
        required=False,  # codes go to none; what must be shipped is refused without one
        error_messages=dict.fromkeys(("required", "invalid"), _("Choose where the parcel should go.")),
    )
    note = forms.CharField(label=_("Note to the stores"), max_length=200, required=False)
    seen_total_minor = forms.IntegerField(
        min_value=0, max_value=MAX_MINOR, widget=forms.HiddenInput, error_messages=dict.fromkeys(_ALL, STALE)
    )
    checkout_key = forms.UUIDField(widget=forms.HiddenInput, error_messages=dict.fromkeys(_ALL, STALE))


def line_ids_of(values: Iterable[str]) -> list[UUID] | None:
    """The cart lines that were chosen; None when none was named: then all are meant. What is no id is left out."""
    named, found = False, []
    for value in values:
        named = True
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found if named else None
