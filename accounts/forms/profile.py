"""What a person may say about himself."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.forms.addresses import ONE_LINE


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=60,
        validators=[ONE_LINE],
        help_text=_("Shown to you and to our staff. Reviews and stores see only its first letter."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("For pages, e-mail and text messages."),
    )
