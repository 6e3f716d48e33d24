"""Forms of the application, of documents, of teams, and of the staff who look at them."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from shop.models import Category, DocumentKind, Permit, Store, StoreKind
from shop.roles import Role
from shop.services.applications import MOST_BRANDS

QUIET = {"autocomplete": "off", "spellcheck": "false"}
KEPT = _("18 characters. Kept sealed; leave empty to keep the one that is there.")
WANTED = _("18 characters. Kept sealed.")


class IdentityForm(forms.Form):
    kind = forms.ChoiceField(label=_("Who sells?"), choices=StoreKind.choices, widget=forms.RadioSelect)
    person_name = forms.CharField(
        label=_("Your name"), max_length=60,
        help_text=_("As on the identity card. For a company: who represents it by law."),
    )  # fmt: skip
    id_number = forms.CharField(
        label=_("Identity number"), max_length=30, required=False, widget=forms.TextInput(attrs=QUIET),
        help_text=KEPT,
    )  # fmt: skip


class LicenceForm(forms.Form):
    legal_name = forms.CharField(label=_("Name on the licence"), max_length=100)
    licence_number = forms.CharField(
        label=_("Unified Social Credit Code"), max_length=30, required=False, widget=forms.TextInput(attrs=QUIET),
        help_text=KEPT,
    )  # fmt: skip


def said(form: forms.BaseForm) -> list[tuple[forms.BoundField, str]]:
    """What was answered, as somebody reads it: the words of a choice, not its value."""
    rows = []
    for field in form.visible_fields():
        value = field.value()
        words = {str(key): str(word) for key, word in getattr(field.field, "choices", ())}
        chosen = value if isinstance(value, list) else [value or ""]
        rows.append((field, ", ".join(words.get(str(one), str(one)) for one in chosen)))
    return rows


class PermitsForm(forms.Form):
    categories = forms.MultipleChoiceField(label=_("What do you want to sell?"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tops = Category.objects.filter(parent=None)
        self.fields["categories"].choices = [(row.slug, row.display_name) for row in tops]  # type: ignore[attr-defined]


class BrandsForm(forms.Form):
    brands = forms.CharField(
        label=_("Brands of others"), required=False, max_length=MOST_BRANDS * 62, widget=forms.Textarea({"rows": 4}),
        help_text=_("One on each line. Empty if you sell only your own or what has no brand."),
    )  # fmt: skip

    def clean_brands(self) -> list[str]:
        names = [line.strip() for line in self.cleaned_data["brands"].splitlines() if line.strip()]
        if len(names) > MOST_BRANDS:
            raise forms.ValidationError(_("At most %(most)s brands."), params={"most": MOST_BRANDS})
        if any(len(name) > 60 for name in names):
            raise forms.ValidationError(_("A brand's name has at most 60 characters."))
        return names


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Store
        fields = ("name", "name_en", "about", "about_en", "region", "region_en")
        labels: ClassVar = {"name": _("Name of the store")}
        widgets = {"about": forms.Textarea({"rows": 4}), "about_en": forms.Textarea({"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("about", "region"):
            self.fields[name].required = True


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Store
        fields = ("return_policy", "return_policy_en")
        widgets = {
            "return_policy": forms.Textarea({"rows": 6}), "return_policy_en": forms.Textarea({"rows": 6}),
        }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["return_policy"].required = True


class DocumentForm(forms.Form):
    """One document for one place: which place comes along hidden and is checked by the view against what is asked."""

    slot = forms.CharField(widget=forms.HiddenInput, max_length=90)
    file = forms.FileField(
        label=_("File"), help_text=_("PDF, JPEG, PNG or WebP, at most 10 MB."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/jpeg,image/png,image/webp"}),
    )  # fmt: skip
    valid_until = forms.DateField(
        label=_("Valid until"), required=False, input_formats=["%Y-%m-%d"], help_text=_("Empty if it has no end."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip


class NewPermitForm(forms.Form):
    """A permit for goods that the store did not sell before."""

    permit = forms.ChoiceField(label=_("Permit"), choices=Permit.choices)


class NewBrandForm(forms.Form):
    """A brand of another that the store did not sell before."""

    brand = forms.CharField(label=_("Brand"), max_length=60)


class InviteForm(forms.Form):
    to = forms.CharField(
        label=_("E-mail address or phone number"), max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.SHIPPER)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea({"rows": 3}))


class EndForm(ReasonForm):
    refund = forms.ChoiceField(
        label=_("Orders that are paid and not shipped"), widget=forms.RadioSelect, initial="no",
        choices=[("no", _("The store ships them")), ("yes", _("They go back to their buyers at once"))],
    )  # fmt: skip


KIND_OF_STEP: dict[str, tuple[str, ...]] = {
    "identity": (DocumentKind.ID_FRONT, DocumentKind.ID_BACK),
    "licence": (DocumentKind.LICENCE,),
}
