"""What the cart's doors read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shop.errors import BadQuantity
from shop.services.carts import quantity_of


class QuantityField(forms.CharField):
    """1 to 999 in plain digits; Django's own number fields also take signs, blanks and digits of other scripts."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=1000, **kwargs)

    def clean(self, value: Any) -> Any:
        try:
            return quantity_of(value if value not in (None, "") or self.required else "1")
        except BadQuantity as refusal:
            raise forms.ValidationError(refusal.message) from refusal


class AddForm(forms.Form):
    variant = forms.UUIDField(
        error_messages={"required": _("Choose a variant first."), "invalid": _("Choose a variant first.")}
    )
    quantity = QuantityField(required=False)
    buy_now = forms.CharField(required=False)


class QuantityForm(forms.Form):
    quantity = QuantityField()
