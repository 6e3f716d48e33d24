"""The form of a report."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shop.models import ReportGround


class ReportForm(forms.Form):
    link = forms.CharField(
        label=_("Address of the product or the store"), max_length=300, widget=forms.TextInput({"inputmode": "url"}),
        help_text=_("Copy it from the address bar of its page."),
    )  # fmt: skip
    ground = forms.ChoiceField(label=_("What is wrong?"), choices=ReportGround.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("What have you seen?"), max_length=2000, min_length=10, widget=forms.Textarea({"rows": 5}),
        help_text=_("What, when, where, in ten characters or more. The store does not learn who told us."),
    )  # fmt: skip
    email = forms.EmailField(
        label=_("E-mail address for the answer"), required=False, max_length=254, help_text=_("Only if you want one.")
    )

    def __init__(self, *args: Any, is_guest: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_guest:
            del self.fields["email"]

    @property
    def facts(self) -> dict[str, str]:
        return {"email": "", **self.cleaned_data}
