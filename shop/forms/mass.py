"""What the page reads on which a store writes to many of its buyers."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from shop.models import Product
from shop.queries.mass import Reach, products_sold
from shop.services.mass import LONGEST, Letter
from shop.states import Audience

LONGEST_SPAN = 366


class _Products(forms.ModelChoiceField):
    def label_from_instance(self, obj: Product) -> str:
        return obj.display_title


class _Day(forms.DateInput):
    input_type = "date"


class MassForm(forms.Form):
    """A message, and which buyers it goes to."""

    audience = forms.ChoiceField(label=_("To whom"), choices=Audience.choices, widget=forms.RadioSelect,
                                 initial=Audience.OPEN)  # fmt: skip
    product = _Products(
        label=_("Product"), queryset=Product.objects.none(), required=False, empty_label="–",
        help_text=_("Only for the buyers of one product."),
    )  # fmt: skip
    since = forms.DateField(label=_("Ordered from"), required=False, widget=_Day(format="%Y-%m-%d"),
                            help_text=_("Only for the buyers of a time."))  # fmt: skip
    until = forms.DateField(label=_("Ordered up to"), required=False, widget=_Day(format="%Y-%m-%d"))
    subject = forms.CharField(label=_("Subject"), max_length=80)
    text = forms.CharField(
        label=_("Message"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Links begin with https:// and open by a page that says where they lead."),
    )  # fmt: skip
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, store_id: UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid4())
        self.fields["product"].queryset = products_sold(store_id)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("audience") == Audience.PRODUCT and not data.get("product") and "product" not in self.errors:
            self.add_error("product", _("Choose the product whose buyers are meant."))
        if data.get("audience") == Audience.SPAN and not {"since", "until"} & set(self.errors):
            self._check_span(data.get("since"), data.get("until"))
        return data

    def _check_span(self, since: date | None, until: date | None) -> None:
        for name, day in (("since", since), ("until", until)):
            if day is None or not 2000 <= day.year <= 2100:
                self.add_error(name, _("Give both days."))
        if since and until and not 0 <= (until - since).days <= LONGEST_SPAN and not self.errors:
            self.add_error("until", _("The last day is not before the first, and they are at most a year apart."))

    def kept(self) -> list[tuple[str, str]]:
        """What was typed, to go along with the page that asks whether it shall be sent."""
        return [(name, self.data.get(name, "")) for name in self.fields]

    def letter(self) -> Letter:
        """What was written, without the fields that its audience does not use."""
        said = self.cleaned_data
        product, is_span = said.get("product"), said["audience"] == Audience.SPAN
        reach = Reach(
            said["audience"], product.pk if product and said["audience"] == Audience.PRODUCT else None,
            said["since"] if is_span else None, said["until"] if is_span else None,
        )  # fmt: skip
        return Letter(said["key"], reach, said["subject"], said["text"])
