"""What the doors of codes read: codes handed in, the word that opens them, reasons."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from shop.models import Product
from shop.services.code_import import MAX_CHARS

_SIZE = _("A file has at most 1 MB.")


class CodesForm(forms.Form):
    """Codes as text or as a file; after a look at each line they are handed in."""

    variant = forms.ChoiceField(label=_("Variant"))
    name = forms.CharField(label=_("Name of the batch"), max_length=80, required=False)
    expires_on = forms.DateField(
        label=_("Good until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The last day, for all that name none themselves. Empty: unlimited."),
    )
    text = forms.CharField(
        label=_("Codes, one in each line"),
        required=False,
        strip=False,
        max_length=MAX_CHARS,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off", "class": "mono"}),
        help_text=_("Or a table that begins with the line code,expires and has dates like 2027-01-31."),
    )
    file = forms.FileField(
        label=_("Or a file"), required=False, widget=forms.FileInput(attrs={"accept": ".txt,.csv,text/plain,text/csv"})
    )
    leave_out_bad = forms.BooleanField(label=_("Leave out the lines that cannot be taken"), required=False)

    def __init__(self, *args: Any, product: Product, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        variants = [row for row in product.variants.all() if row.is_active]
        choices = [(str(row.pk), row.display_name or product.display_title) for row in variants]
        self.fields["variant"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["variant"].widget = forms.HiddenInput()
            self.fields["variant"].initial = choices[0][0]

    def clean_file(self) -> str:
        file: UploadedFile | None = self.cleaned_data.get("file")
        if not file:
            return ""
        raw = file.read(MAX_CHARS + 1)
        if len(raw) > MAX_CHARS:
            raise forms.ValidationError(_SIZE)
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return raw.decode(encoding).replace("\x00", "")
            except UnicodeDecodeError:
                continue
        raise forms.ValidationError(_("This is no text file."))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        data["codes"] = data.get("file") or data.get("text") or ""
        if not self.errors and not data["codes"].strip():
            self.add_error("text", _("Paste codes here, or choose a file."))
        return data


class RevealForm(forms.Form):
    """Which codes, and that it is understood what opening them means."""

    key = forms.UUIDField(required=False)
    understood = forms.BooleanField(
        error_messages={"required": _("Say first that you know: an opened code counts as used.")}
    )


class ReplaceForm(forms.Form):
    key = forms.UUIDField()
    reason = forms.CharField(max_length=200)


class BatchForm(forms.Form):
    act = forms.ChoiceField(choices=[(name, name) for name in ("stop", "resume", "withdraw")])
    reason = forms.CharField(max_length=200)
