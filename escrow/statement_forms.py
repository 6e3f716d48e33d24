"""What staff hand in for reconciliation: filters, a statement's file, an explanation."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from escrow import statements
from escrow.gateways.base import Statement
from escrow.statements.reading import Fault

MAX_UPLOAD = 16 * 1024 * 1024
DAY = forms.DateInput(attrs={"type": "date"})


class DaysForm(forms.Form):
    """Provider and days; what makes no sense is left out."""

    gateway = forms.ChoiceField(
        label=_("Provider"), required=False, choices=[("", _("All")), *statements.NAMES.items()]
    )
    until = forms.DateField(label=_("Up to"), required=False, widget=DAY)

    def wanted(self, today: date) -> tuple[str, date]:
        """The provider, empty for all, and the last day."""
        self.is_valid()
        until = self.cleaned_data.get("until")
        sensible = until if until and 2000 <= until.year <= 2100 else today
        return self.cleaned_data.get("gateway", ""), sensible


class StatementForm(forms.Form):
    """A statement's file of one provider and day, read at once: a line that cannot be read is named."""

    gateway = forms.ChoiceField(label=_("Provider"), choices=statements.NAMES)
    day = forms.DateField(label=_("Day"), widget=DAY, help_text=_("The day that the statement is of, in China."))
    file = forms.FileField(
        label=_("File"),
        help_text=_("As the provider gives it: a zip or CSV of Alipay, a CSV of WeChat Pay or a bank, JSON of Stripe."),
    )
    statement: Statement | None = None
    faults: tuple[Fault, ...] = ()

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not 2000 <= day.year <= 2100:
            raise forms.ValidationError(_("This is not a day of ours."), code="day")
        return day

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file = given.get("file")
        if file is None or "day" not in given or "gateway" not in given:
            return given
        if file.size > MAX_UPLOAD:
            raise forms.ValidationError(_("At most 16 MB."), code="size")
        try:
            self.statement = statements.read(
                given["gateway"], file.read(), name=file.name, day=given["day"], currency=self.currency()
            )
        except DomainError as refusal:
            self.faults = getattr(refusal, "faults", ())
            self.add_error("file", refusal.message)
        return given

    def currency(self) -> str:
        """What a bank's file without a column for it is in."""
        from django.conf import settings

        bank: str = settings.PROVIDERS.get("bank", {}).get("currency") or "CNY"
        return bank
