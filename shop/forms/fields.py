"""Fields that read amounts and counts as people write them, and nothing else."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.money import BadAmount, Money, parse

_COUNT = re.compile(r"\A\d{1,9}\Z", re.ASCII)
MAX_PRICE_MINOR = 10**9


class AmountField(forms.CharField):
    """A price in plain digits, read by ``core.money.parse`` as whole minor units."""

    def __init__(self, *, currency: str = "CNY", **kwargs: Any) -> None:
        self.currency = currency
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(max_length=40, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return Money(value, self.currency).digits if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            minor = parse(text, currency=self.currency).minor
        except BadAmount as refusal:
            raise forms.ValidationError(refusal.message, code=refusal.code) from refusal
        if not 0 < minor <= MAX_PRICE_MINOR:
            most = Money(MAX_PRICE_MINOR, self.currency)
            raise forms.ValidationError(
                _("The price must be more than nothing and at most %(most)s."), params={"most": most}
            )
        return minor

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class CountField(forms.CharField):
    """A whole number in plain digits; Django's own number fields also take signs and digits of other scripts."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        self.most = most
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}))
        super().__init__(max_length=40, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        if not _COUNT.match(text) or int(text) > self.most:
            raise forms.ValidationError(
                _("Write a whole number from 0 to %(most)s in plain digits."), params={"most": f"{self.most:,}"}
            )
        return int(text)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed("" if initial is None else str(initial), data)


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class ManyFilesField(forms.FileField):
    """Several files of one input, as a list."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = data if isinstance(data, list | tuple) else [data]
        return [super(ManyFilesField, self).clean(one, initial) for one in files if one]
