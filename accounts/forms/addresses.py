"""An address: three linked lists that work step by step without JavaScript, and in place with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator, RegexValidator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import regions
from accounts.models import Address
from accounts.phones import PhoneField, at_home

Choices = list[tuple[str, str]]
ONE_LINE = RegexValidator(r"\A[^\x00-\x1f\x7f]*\Z", _("Please write it on one line."))


@dataclass(frozen=True, slots=True)
class Place:
    """What is chosen so far, and what can be chosen next. A choice that does not fit the one above it is dropped."""

    province: str
    city: str
    district: str
    provinces: Choices
    cities: Choices
    districts: Choices


def place_of(*, province: str = "", city: str = "", district: str = "") -> Place:
    tops, seconds = regions.provinces(), regions.cities(province)
    province = province if province in {region.code for region in tops} else ""
    if len(seconds) == 1:  # Beijing has one "city" only: nobody needs to choose it
        city = seconds[0].code
    city = city if city in {region.code for region in seconds} else ""
    thirds = regions.districts(city)
    district = district if district in {region.code for region in thirds} else ""
    return Place(
        province=province,
        city=city,
        district=district,
        provinces=[(region.code, _province_name(region)) for region in tops],
        cities=[(region.code, region.name) for region in seconds],
        districts=[(region.code, region.name) for region in thirds],
    )


def _province_name(region: regions.Region) -> str:
    if (get_language() or "").startswith("zh"):
        return region.name
    return f"{regions.province_in_english(region.code)} {region.name}"


class AddressForm(forms.Form):
    name = forms.CharField(label=_("Recipient"), max_length=40, validators=[ONE_LINE])
    phone = PhoneField(help_text=_("The courier calls this number."))
    province = forms.CharField(label=_("Province"), required=False, max_length=9)
    city = forms.CharField(label=_("City"), required=False, max_length=9)
    district_code = forms.CharField(
        label=_("District"),
        max_length=9,
        error_messages={"required": _("Choose province, city and district.")},
    )
    street = forms.CharField(
        label=_("Street and house"), max_length=120, validators=[ONE_LINE], help_text=_("Road, number, building, room.")
    )
    postcode = forms.CharField(
        label=_("Postcode"),
        required=False,
        max_length=10,
        validators=[RegexValidator(r"\A[0-9A-Za-z -]*\Z", _("A postcode has digits only."))],
    )
    is_default = forms.BooleanField(label=_("Use this address first"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        hints = {
            "name": "shipping name",
            "phone": "shipping tel",
            "street": "shipping street-address",
            "postcode": "shipping postal-code",
        }
        for field, hint in hints.items():
            self.fields[field].widget.attrs["autocomplete"] = hint
        self.fields["postcode"].widget.attrs["inputmode"] = "numeric"

    @property
    def place(self) -> Place:
        """The three lists as they stand: from what was sent, else from what the form began with."""
        value = {name: str(self[name].value() or "") for name in ("province", "city", "district_code")}
        return place_of(province=value["province"], city=value["city"], district=value["district_code"])

    def clean_district_code(self) -> str:
        code: str = self.cleaned_data["district_code"]
        if regions.path(code) is None:
            raise forms.ValidationError(_("Choose province, city and district."))
        return code

    def for_service(self) -> dict[str, Any]:
        names = ("name", "phone", "district_code", "street", "postcode", "is_default")
        return {name: self.cleaned_data[name] for name in names}


class PasteForm(forms.Form):
    """Anything; what looks like an address is found in it."""

    text = forms.CharField(
        label=_("Paste an address"),
        help_text=_("Name, phone and address in any order. You can correct everything before it is saved."),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 2000}),
        validators=[MaxLengthValidator(20_000)],
    )


def initial_of(address: Address) -> dict[str, Any]:
    """A known address as the form shows it."""
    code = address.district_code
    return {
        "name": address.name,
        "phone": at_home(address.phone),
        "province": code[:2],
        "city": code[:4],
        "district_code": code,
        "street": address.street,
        "postcode": address.postcode,
        "is_default": address.is_default,
    }


def initial_from_text(text: str) -> dict[str, Any]:
    """What a pasted text says, as the form shows it; only the parts that were found."""
    found = regions.parse_address(text)
    parts = {
        "name": found.name,
        "phone": found.phone,
        "province": found.province,
        "city": found.city,
        "district_code": found.district,
        "street": found.street,
    }
    return {name: value for name, value in parts.items() if value}
