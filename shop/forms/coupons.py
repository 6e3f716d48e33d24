"""Forms about coupons: the merchant's terms, and what a buyer chooses at the checkout."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.money import Money
from shop.forms.fields import AmountField, CountField
from shop.models import Coupon, Product, Store
from shop.queries.catalogue import Branch
from shop.services.coupon_terms import Terms
from shop.services.coupons import code_of

_SHARE = re.compile(r"\A(\d{1,3})(?:\.(\d{1,2}))?\Z", re.ASCII)
_CHOICE = re.compile(r"\Acoupon-([0-9a-f]{32})\Z", re.ASCII)
MOST_USES = 1_000_000
MOST_EACH = 100
MOMENT = "%Y-%m-%dT%H:%M"


class ShareField(forms.CharField):
    """A share in plain digits, ``15`` or ``7.5``, as basis points."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value)).removesuffix("%").strip()
        if not text:
            return None
        match = _SHARE.match(text)
        bps = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else 0
        if not 1 <= bps <= 10_000:
            raise forms.ValidationError(_("Write a share from 0.01 to 100 in plain digits, for example 15 or 7.5."))
        return bps


class MomentField(forms.DateTimeField):
    """A moment by the clock on the wall here; one that the clock skips or shows twice is refused."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
        super().__init__(widget=widget, input_formats=[MOMENT, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **kwargs)


class CouponForm(forms.Form):
    """The terms of a coupon, while it is a draft."""

    code = forms.CharField(
        label=_("Code"), max_length=40, help_text=_("3 to 20 letters A–Z and digits, as it is typed at the checkout.")
    )
    name = forms.CharField(label=_("Name of the coupon"), max_length=40)
    name_en = forms.CharField(label=_("English name"), max_length=40, required=False)
    off = AmountField(label=_("Amount off"), required=False, help_text=_("Either an amount or a share."))
    share = ShareField(label=_("Share off, in %"), required=False)
    cap = AmountField(label=_("At most"), required=False, help_text=_("The most that a share may take off."))
    minimum = AmountField(label=_("From a sum of"), required=False, help_text=_("Of the goods it is for, before it."))
    starts_at = MomentField(label=_("Valid from"))
    ends_at = MomentField(label=_("Valid until"))
    use_limit = CountField(label=_("Uses in all"), most=MOST_USES, required=False, help_text=_("Empty: no limit."))
    per_member = CountField(label=_("Uses per person"), most=MOST_EACH, initial=1)
    is_public = forms.BooleanField(
        label=_("Show it in the store and offer it at the checkout"), required=False, initial=True,
        help_text=_("Otherwise only who knows the code can use it."),
    )  # fmt: skip
    products = forms.ModelMultipleChoiceField(
        Product.objects.none(), label=_("Only for these products"), required=False
    )
    categories = forms.MultipleChoiceField(label=_("Only for these categories"), required=False)

    def __init__(self, *args: Any, store: Store, tree: Sequence[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        products: Any = self.fields["products"]
        products.queryset = Product.objects.filter(store=store).exclude(status="deleted").order_by("title", "pk")
        products.label_from_instance = lambda product: product.display_title
        flat = [category for branch in tree for category in (branch.category, *branch.children)]
        self.fields["categories"].choices = [(str(row.pk), row.display_name) for row in flat]  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        code = code_of(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError(_("A code has 3 to 20 letters A–Z and digits."))
        return code

    def clean_per_member(self) -> int:
        return self._at_least_one("per_member") or 1

    def clean_use_limit(self) -> int | None:
        return self._at_least_one("use_limit")

    def _at_least_one(self, name: str) -> int | None:
        value: int | None = self.cleaned_data[name]
        if value is not None and value < 1:
            raise forms.ValidationError(_("Write a whole number from 1."))
        return value

    def clean(self) -> None:
        said = self.cleaned_data
        has_errors = {"off", "share", "cap"} & set(self.errors)
        if not has_errors and (said.get("off") is None) == (said.get("share") is None):
            self.add_error("off", _("Say either an amount or a share, not both."))
        if said.get("cap") is not None and said.get("share") is None and "share" not in self.errors:
            self.add_error("cap", _("This is for a share only."))
        if said.get("starts_at") and said.get("ends_at") and said["starts_at"] >= said["ends_at"]:
            self.add_error("ends_at", _("It must end after it starts."))

    @property
    def terms(self) -> Terms:
        said = self.cleaned_data
        return Terms(
            code=said["code"], name=said["name"], name_en=said["name_en"], off_minor=said["off"],
            off_bps=said["share"], cap_minor=said["cap"], minimum_minor=said["minimum"] or 0,
            starts_at=said["starts_at"], ends_at=said["ends_at"], use_limit=said["use_limit"],
            per_member=said["per_member"], is_public=said["is_public"],
            product_ids=tuple(row.pk for row in said["products"]),
            category_ids=tuple(int(pk) for pk in said["categories"]),
        )  # fmt: skip

    def show(self, refusal: DomainError) -> None:
        """Put a refusal beside the field that is at fault."""
        named = {name: text for name, text in refusal.fields.items() if name in self.fields}
        for name, text in named.items():
            self.add_error(name, str(text))
        if not named:
            self.add_error(None, refusal.message)


def initial_of(coupon: Coupon) -> dict[str, Any]:
    """A coupon's terms as the form shows them."""
    whole, rest = divmod(coupon.off_bps or 0, 100)
    same = ("code", "name", "name_en", "starts_at", "ends_at", "use_limit", "per_member", "is_public")
    return {
        **{name: getattr(coupon, name) for name in same},
        "off": coupon.off_minor,
        "share": f"{whole}.{rest:02}".rstrip("0").rstrip(".") if coupon.off_bps else "",
        "cap": coupon.cap_minor,
        "minimum": Money(coupon.minimum_minor, coupon.currency).digits if coupon.minimum_minor else "",
        "products": list(coupon.products.values_list("pk", flat=True)),
        "categories": [str(pk) for pk in coupon.categories.values_list("pk", flat=True)],
    }


def chosen_codes(data: QueryDict | Mapping[str, str]) -> dict[UUID, str]:
    """
    Store → the code chosen there, empty for none. A store of which nothing was said is left out.

    Read from the form alone, whatever the cart holds now: the same form twice says the same twice.
    """
    found = {}
    for name in data:
        if match := _CHOICE.match(name):
            found[UUID(match[1])] = code_of(data[name])
    return found


def typed_codes(data: QueryDict | Mapping[str, str], store_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Store → what was typed as a code there, as it came."""
    said = {pk: str(data.get(f"code-{pk.hex}", "")).strip()[:40] for pk in store_ids}
    return {pk: text for pk, text in said.items() if text}
