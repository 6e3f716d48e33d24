"""What the page of a store's keys reads."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from shop.roles import Role
from shop.services.keys import LIFETIMES, ROLES, USUAL


def _lifetimes() -> list[tuple[int, str]]:
    return [(days, ngettext("%(count)d day", "%(count)d days", days) % {"count": days}) for days in LIFETIMES]


class KeyForm(forms.Form):
    """A new key."""

    name = forms.CharField(
        label=_("What it is for"), max_length=60, help_text=_("The name of the system, so that you know it again."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    role = forms.ChoiceField(
        label=_("What it may do"), choices=[(role.value, role.label) for role in ROLES], initial=Role.SHIPPER,
        help_text=_("As much as the role of the same name, and never more than you may do yourself."),
    )  # fmt: skip
    days = forms.TypedChoiceField(label=_("How long it works"), choices=_lifetimes, initial=USUAL, coerce=int)
