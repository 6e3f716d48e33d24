"""What the doors of after-sale read: claims, offers, evidence, words, parcels, rulings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.money import BadAmount, Money, parse, share
from core.pictures import ACCEPT
from disputes.rulebook import ARTICLES
from disputes.services.cases import MAX_TEXT
from disputes.services.rulings import MIN_REASONS
from disputes.states import Ground, Party, Remedy
from logistics.forms import number_hint
from logistics.models import Carrier
from logistics.services.shipments import MAX_NUMBER

MAX_PHOTOS = 6
FAULTS = (Party.MERCHANT, Party.BUYER, Party.CARRIER, Party.PLATFORM)
_WORDS = {"required": _("Please say in a few words what happened.")}


class AmountInput(forms.CharField):
    """An amount of one currency in plain digits: never negative, never finer than its minor unit; None when empty."""

    def __init__(self, *, currency: str = "CNY", **kwargs: Any) -> None:
        self.currency = currency
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(max_length=40, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse(text, currency=self.currency)
        except BadAmount as refusal:
            raise forms.ValidationError(refusal.message, code=refusal.code) from refusal


class PercentInput(forms.CharField):
    """A share of 0 to 100 in per cent, as whole basis points: nothing finer, no floating point; None when empty."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(max_length=10, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value).removesuffix("%").strip()
        if not text:
            return None
        match = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,2}))?", text, re.ASCII)
        points = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else -1
        if not 0 <= points <= 10_000:
            raise forms.ValidationError(_("Write a number from 0 to 100, with at most two decimals."), code="percent")
        return points


class PicturesInput(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class PicturesField(forms.FileField):
    """Several files of one input, as a list; what they are is judged where they are kept."""

    widget = PicturesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = [file for file in (data if isinstance(data, list | tuple) else [data]) if file]
        if len(files) > MAX_PHOTOS:
            raise forms.ValidationError(_("At most %(most)s pictures at once."), params={"most": MAX_PHOTOS})
        return [super(PicturesField, self).clean(file, initial) for file in files]


class RemedyForm(forms.Form):
    """What is wanted or offered, with its amount where it is a partial refund."""

    remedy = forms.ChoiceField(label=_("What should happen"), widget=forms.RadioSelect)
    amount = AmountInput(
        label=_("Amount of the partial refund"),
        required=False,
        help_text=_("Only for a partial refund; a full refund returns everything that is held."),
    )

    def __init__(self, *args: Any, remedies: Sequence[str], held: Money, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = held
        self.fields["remedy"].choices = [(name, Remedy(name).label) for name in remedies]  # type: ignore[attr-defined]
        self.fields["amount"].currency = held.currency  # type: ignore[attr-defined]
        if len(remedies) == 1:
            self.fields["remedy"].initial = remedies[0]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("remedy") != Remedy.PARTIAL:
            data["amount"] = None  # the whole rest, or goods instead of money
            self.errors.pop("amount", None)
            return data
        amount: Money | None = data.get("amount")
        if "amount" in self.errors:
            return data
        if amount is None:
            self.add_error("amount", _("Say how much of %(held)s should go back.") % {"held": self.held})
        elif not 0 < amount.minor <= self.held.minor:
            text = _("The amount must be more than nothing and at most %(held)s, which is what is held.")
            self.add_error("amount", text % {"held": self.held})
        return data

    @property
    def needs_amount(self) -> bool:
        return Remedy.PARTIAL in dict(self.fields["remedy"].choices)  # type: ignore[attr-defined]


class CaseForm(RemedyForm):
    """A buyer's claim."""

    ground = forms.ChoiceField(label=_("What happened"), choices=Ground.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("In your words"),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages=_WORDS,
        help_text=_("What did you expect, what did you get, and when did you notice? The store reads this."),
    )
    photos = PicturesField(
        label=_("Add pictures"),
        required=False,
        widget=PicturesInput(attrs={"accept": ACCEPT}),
        help_text=_("Up to six: the goods, the label on the parcel, the packing."),
    )
    field_order = ("ground", "remedy", "amount", "text", "photos")


class OfferForm(RemedyForm):
    """A proposal to the other side."""

    text = forms.CharField(
        label=_("A word to the other side"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].widget.attrs["data-split"] = "back"


class WordsForm(forms.Form):
    """Words of a party: a message, reasons for a refusal, a call for the platform."""

    text = forms.CharField(
        label=_("Message"), max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 3}), error_messages=_WORDS
    )

    def __init__(self, *args: Any, label: Any = "", required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].required = required
        if label:
            self.fields["text"].label = label


class EvidenceForm(forms.Form):
    """One piece of evidence and what it is meant to show."""

    shows = forms.CharField(
        label=_("This shows that …"),
        max_length=200,
        required=False,
        help_text=_("One sentence: the other side and a mediator read it beside the picture."),
    )
    file = forms.FileField(label=_("Picture"), required=False, widget=forms.FileInput(attrs={"accept": ACCEPT}))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not data.get("file") and not data.get("shows"):
            self.add_error("shows", _("Add a picture, or say in a sentence what you can tell."))
        return data


class ParcelForm(forms.Form):
    """A parcel in a case: goods on their way back, or sent again."""

    carrier = forms.ChoiceField(label=_("Carrier"))
    number = forms.CharField(
        label=_("Tracking number"),
        max_length=MAX_NUMBER,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
    )

    def __init__(self, *args: Any, carriers: Iterable[Carrier], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = list(carriers)
        choices = [(carrier.code, carrier.display_name) for carrier in known]
        self.fields["carrier"].choices = choices  # type: ignore[attr-defined]
        self.fields["number"].help_text = number_hint(known)


class RulingForm(forms.Form):
    """A decision: two amounts that are what is held, whose fault it is, by which rule, and why."""

    percent = PercentInput(
        label=_("Share that goes back to the buyer, in per cent"),
        required=False,
        help_text=_("Either this, or the two amounts. The share is rounded to the cent."),
    )
    refund = AmountInput(label=_("Back to the buyer"), required=False)
    release = AmountInput(label=_("To the merchant"), required=False)
    fault = forms.ChoiceField(
        label=_("At fault"), choices=[("", "—"), *((party.value, party.label) for party in FAULTS)]
    )
    article = forms.ChoiceField(label=_("Article of the rules"))
    reasons = forms.CharField(
        label=_("Reasons"),
        min_length=MIN_REASONS,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Facts, evidence, rule, result. Both sides read these words as they stand."),
    )

    def __init__(self, *args: Any, held: Money, suggested: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = held
        self.suggested = tuple(suggested)
        first = [item for item in ARTICLES if item.number in suggested]
        groups = [(_("Fits the facts"), first), (_("All others"), [item for item in ARTICLES if item not in first])]
        choices = [(word, [(item.number, f"{item.number} · {item.title}") for item in items]) for word, items in groups]
        self.fields["article"].choices = [("", "—"), *choices[0 if first else 1 :]]  # type: ignore[attr-defined]
        for name, which in (("refund", "back"), ("release", "keep")):
            self.fields[name].currency = held.currency  # type: ignore[attr-defined]
            self.fields[name].widget.attrs["data-split"] = which
        self.fields["percent"].widget.attrs["data-split"] = "percent"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if {"percent", "refund", "release"} & set(self.errors):
            return data
        if data.get("percent") is not None:
            self._take_share(data, data["percent"])
            return data
        refund, release = data.get("refund"), data.get("release")
        if refund is None or release is None:
            for name in ("refund", "release"):
                if data.get(name) is None:
                    self.add_error(name, _("Give both amounts, or the share in per cent alone."))
        elif refund + release != self.held:
            text = _("%(refund)s and %(release)s make %(sum)s, but %(held)s is held. The two must add up to it.")
            names = {"refund": refund, "release": release, "sum": refund + release, "held": self.held}
            self.add_error(None, text % names)
        return data

    def _take_share(self, data: dict[str, Any], basis_points: int) -> None:
        """The share says both amounts; amounts that are given beside it must be the same."""
        back = Money(share(self.held.minor, basis_points), self.held.currency)
        meant = {"refund": back, "release": self.held - back}
        if any(data.get(name) not in (None, amount) for name, amount in meant.items()):
            text = _("%(percent)s %% of %(held)s is %(refund)s, and %(release)s is left, but the amounts below say "
                     "something else. Empty the share, or empty the amounts.")  # fmt: skip
            self.add_error("percent", text % {**meant, "percent": f"{basis_points / 100:g}", "held": self.held})
        data.update(meant)
