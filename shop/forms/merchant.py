"""Forms of the merchant's order pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from logistics.forms import number_hint
from logistics.models import Carrier
from logistics.services.shipments import MAX_GRAMS, MAX_NUMBER


class ManyPictures(forms.ClearableFileInput):
    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """Any number of files; what they are is judged where they are kept."""

    widget = ManyPictures

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, (list, tuple)) else [data]
        return [super(PicturesField, self).clean(file, initial) for file in files if file]


class ShipForm(forms.Form):
    """One parcel."""

    carrier = forms.ChoiceField(label=_("Carrier"))
    number = forms.CharField(
        label=_("Tracking number"),
        max_length=MAX_NUMBER,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
    )
    weight_g = forms.IntegerField(
        label=_("Weight in grams"),
        required=False,
        min_value=1,
        max_value=MAX_GRAMS,
        help_text=_("Weigh it packed: the weight is your evidence if something is said to be missing."),
    )
    photos = PicturesField(
        label=_("Pack photos"),
        required=False,
        help_text=_("What is in the parcel, before you close it. Up to six."),
        widget=ManyPictures(attrs={"accept": "image/*"}),
    )

    def __init__(self, *args: Any, carriers: list[Carrier], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["carrier"].choices = [(carrier.code, carrier.display_name) for carrier in carriers]  # type: ignore[attr-defined]
        self.fields["number"].help_text = number_hint(carriers)

    def show(self, refusal: DomainError) -> None:
        """Put a refusal beside the field that is at fault."""
        named = {name: text for name, text in refusal.fields.items() if name in self.fields}
        for name, text in named.items():
            self.add_error(name, str(text))
        if not named:
            self.add_error(None, refusal.message)


class ScanForm(ShipForm):
    """The shipping desk's line: order first, as a scanner fires it."""

    order = forms.CharField(
        label=_("Order number"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    field_order = ("order", "number", "carrier", "weight_g", "photos")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The scanner's next line must land in a field without anybody touching the screen.
        next_one = "number" if self.initial.get("order") else "order"
        self.fields[next_one].widget.attrs["autofocus"] = True


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("UTF-8 or GBK. Columns: order_number, carrier, tracking_number, weight_g."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )


class SettingsForm(forms.Form):
    """What a store decides for itself."""

    carriers = forms.MultipleChoiceField(
        label=_("Carriers with a contract"), required=False, widget=forms.CheckboxSelectMultiple
    )
    return_policy = forms.CharField(label=_("Return policy"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    return_policy_en = forms.CharField(
        label=_("Return policy, English"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, carriers: list[Carrier], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["carriers"].choices = [(carrier.code, carrier.display_name) for carrier in carriers]  # type: ignore[attr-defined]


class ProviderAccountForm(forms.Form):
    number = forms.CharField(
        label=_("Account there"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PayoutAccountForm(forms.Form):
    bank = forms.CharField(label=_("Bank"), max_length=60)
    holder = forms.CharField(label=_("Account holder"), max_length=60)
    number = forms.CharField(
        label=_("Account number"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
