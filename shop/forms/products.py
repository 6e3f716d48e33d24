"""The parts of the product editor: words, variants, pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME
from django.utils.translation import gettext_lazy as _

from core.pictures import ACCEPT
from shop.forms.fields import AmountField, CountField, ManyFilesField, ManyFilesInput
from shop.models import Product, ProductImage
from shop.queries.catalogue import Branch
from shop.services.pictures import PictureChange
from shop.services.products import VariantFacts
from shop.states import Kind

MAX_STOCK = 1_000_000
MAX_WEIGHT_G = 1_000_000
MAX_VARIANTS = 50
WORDS = (
    "title", "title_en", "brand", "summary", "summary_en", "description", "description_en", "function", "function_en",
    "usage", "usage_en", "warranty", "warranty_en", "validity", "validity_en",
)  # fmt: skip
ROWS = {"description": 8, "description_en": 8}


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]
    """Words, category and logistics. Reads and checks; the services write."""

    kind = forms.ChoiceField(
        label=_("What kind of goods"), choices=Kind.choices, initial=Kind.PHYSICAL, required=False,
        widget=forms.RadioSelect, help_text=_("This cannot be changed later."),
    )  # fmt: skip
    seen_version = forms.IntegerField(required=False, min_value=0, max_value=2**31, widget=forms.HiddenInput)
    weight_g = CountField(label=_("Weight in grams"), most=MAX_WEIGHT_G, required=False)

    class Meta:
        model = Product
        fields = ("category", *WORDS, "weight_g", "fragile", "perishable")

    def __init__(self, *args: Any, tree: Sequence[Branch], is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            del self.fields["kind"]
        category = self.fields["category"]
        category.label, category.error_messages["required"] = _("Category"), _("Choose a category.")
        category.choices = [("", "–"), *_grouped(tree)]  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs = {"rows": ROWS.get(name, 3), "maxlength": field.widget.attrs.get("maxlength")}
            if name.endswith("_en"):
                field.widget.attrs["lang"] = "en"

    def clean_weight_g(self) -> int:
        return self.cleaned_data["weight_g"] or 0

    @property
    def words(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in WORDS}


def _grouped(tree: Sequence[Branch]) -> Iterator[tuple[Any, Any]]:
    for branch in tree:
        own = (branch.category.pk, branch.category.display_name)
        if branch.children:
            yield branch.category.display_name, [own, *((c.pk, c.display_name) for c in branch.children)]
        else:
            yield own


class VariantForm(forms.Form):
    """One row of the table of variants."""

    id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    seen_stock = CountField(most=2**31, required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Variant"), max_length=60, required=False)
    name_en = forms.CharField(label=_("English name"), max_length=60, required=False)
    sku = forms.CharField(label=_("Item number"), max_length=40, required=False)
    price = AmountField(label=_("Price"))
    stock = CountField(label=_("Stock"), most=MAX_STOCK)
    is_active = forms.BooleanField(label=_("Offered"), required=False, initial=True)

    def __init__(self, *args: Any, is_counted: bool = False, **kwargs: Any) -> None:
        """``is_counted``: of codes, whose stock is what lies in the pool and nothing that could be typed."""
        super().__init__(*args, **kwargs)
        if is_counted:
            self.fields["stock"].required = False
            self.fields["stock"].widget = forms.HiddenInput()

    def facts(self) -> VariantFacts:
        said = self.cleaned_data
        return VariantFacts(
            id=said.get("id"),
            seen_stock=said.get("seen_stock"),
            name=said["name"],
            name_en=said["name_en"],
            sku=said["sku"],
            price_minor=said["price"],
            stock=said["stock"] or 0,
            is_active=said["is_active"],
        )


class Variants(forms.BaseFormSet):  # type: ignore[type-arg]
    """The rows together: at least one stays, and several need names to be told apart."""

    deletion_widget = forms.CheckboxInput

    def clean(self) -> None:
        if any(self.errors):
            return
        stay = [form for form in self.forms if form.has_changed() or form.initial]
        stay = [form for form in stay if not _goes(form)]
        if not stay:
            raise ValidationError(_("Keep at least one variant with a price."))
        offered = [form.cleaned_data["name"].strip() for form in stay if form.cleaned_data.get("is_active")]
        if len(offered) > 1 and not all(offered):
            raise ValidationError(_("Several variants need a name each, so that a buyer can choose."))
        if len(set(offered)) < len(offered):
            raise ValidationError(_("Two variants have the same name."))

    def facts(self) -> list[VariantFacts]:
        rows = []
        for form in self.forms:
            if _goes(form):
                if form.cleaned_data.get("id"):
                    rows.append(VariantFacts(id=form.cleaned_data["id"], price_minor=1, stock=0, remove=True))
            elif form.cleaned_data.get("price") is not None:
                rows.append(form.facts())
        return rows


def _goes(form: forms.Form) -> bool:
    return bool(form.cleaned_data.get(DELETION_FIELD_NAME))


def variants_class(*, extra: int) -> type[Variants]:
    """The table with some empty rows below."""
    made = forms.formset_factory(
        VariantForm, formset=Variants, extra=extra, can_delete=True, max_num=MAX_VARIANTS, validate_max=True
    )
    return made  # type: ignore[return-value]


class PicturesForm(forms.Form):
    """Place, words and removal of each picture that is there, and files to be added."""

    uploads = ManyFilesField(
        label=_("Add pictures"),
        required=False,
        widget=ManyFilesInput(attrs={"accept": ACCEPT}),
        help_text=_("JPEG, PNG, WebP, AVIF or GIF; 10 MB each, 30 MB at once, 12 at most. Camera data is removed."),
    )

    def __init__(self, *args: Any, images: Sequence[ProductImage] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.images = images
        places = [(n, n + 1) for n in range(len(images))]
        for place, image in enumerate(images):
            key = image.pk.hex
            alt = forms.CharField(label=_("Picture in words"), max_length=120, required=False, initial=image.alt)
            self.fields[f"alt_{key}"] = alt
            self.fields[f"place_{key}"] = forms.TypedChoiceField(
                label=_("Position"), choices=places, coerce=int, initial=place, required=False, empty_value=str(place)
            )
            self.fields[f"remove_{key}"] = forms.BooleanField(label=_("Remove"), required=False)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each picture with its three fields, for the page."""
        for image in self.images:
            names = {name: self[f"{name}_{image.pk.hex}"] for name in ("alt", "place", "remove")}
            yield {"image": image, **names}

    def changes(self) -> list[PictureChange]:
        """What is said of the pictures there are. One moved to a taken place pushes its holder aside."""
        said = self.cleaned_data
        order = []
        for was, image in enumerate(self.images):
            place = int(said[f"place_{image.pk.hex}"])
            order.append((place, (place > was) - (place < was), was, image))
        return [
            PictureChange(
                id=image.pk, position=position, alt=said[f"alt_{image.pk.hex}"], remove=said[f"remove_{image.pk.hex}"]
            )
            for position, (*_order, image) in enumerate(sorted(order, key=lambda row: row[:3]))
        ]


class LinkForm(forms.Form):
    """Where a product's manual is."""

    link = forms.CharField(
        label=_("Link"), max_length=300, required=False, help_text=_("Begins with https://. Empty for none."),
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://"}),
    )  # fmt: skip


class StockForm(forms.Form):
    """A count corrected in the list of products."""

    variant = forms.UUIDField(widget=forms.HiddenInput)
    seen = CountField(most=2**31, widget=forms.HiddenInput)
    stock = CountField(label=_("Stock"), most=MAX_STOCK)
