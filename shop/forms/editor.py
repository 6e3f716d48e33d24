"""The product editor as one form: its parts are read, checked and shown again together; nothing typed is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.forms import BoundField
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from core.errors import DomainError
from shop.errors import StaleListing, StockMoved
from shop.forms.products import PicturesForm, ProductForm, Variants, variants_class
from shop.models import Product
from shop.queries.catalogue import Branch
from shop.services.listing import HONEST
from shop.services.products import ListingFacts
from shop.states import Kind

PREFIX = "variants"
Files = MultiValueDict[str, UploadedFile]


@dataclass
class Editor:
    """What the page shows and what a POST means. ``product`` is None while it is being written for the first time."""

    product: Product | None
    tree: Sequence[Branch]
    form: ProductForm
    variants: Variants
    pictures: PicturesForm
    refusals: list[str] = field(default_factory=list)

    @classmethod
    def shown(cls, *, product: Product | None, tree: Sequence[Branch]) -> Editor:
        """The editor as it opens."""
        initial = {"seen_version": product.version} if product else {}
        rows = _rows_of(product)
        return cls(
            product=product,
            tree=tree,
            form=ProductForm(instance=product, initial=initial, tree=tree, is_new=product is None),
            variants=_table(rows, extra=0 if rows else 1, is_counted=_is_counted(product)),
            pictures=PicturesForm(images=_images(product)),
        )

    @classmethod
    def posted(cls, *, product: Product | None, tree: Sequence[Branch], data: QueryDict, files: Files) -> Editor:
        """The editor as it came back."""
        blank = Product(pk=product.pk) if product else None
        return cls(
            product=product,
            tree=tree,
            form=ProductForm(data, instance=blank, tree=tree, is_new=product is None),
            variants=_table(_rows_of(product), data=data, is_counted=_is_counted(product, data.get("kind"))),
            pictures=PicturesForm(data, files, images=_images(product)),
        )

    @property
    def is_ready(self) -> bool:
        """Every part is checked, also when another one has failed already: all mistakes are shown at once."""
        return all([self.form.is_valid(), self.variants.is_valid(), self.pictures.is_valid()])

    @property
    def facts(self) -> ListingFacts:
        said = self.form.cleaned_data
        return ListingFacts(
            category_id=said["category"].pk,
            words=self.form.words,
            variants=self.variants.facts(),
            weight_g=said["weight_g"],
            fragile=said["fragile"],
            perishable=said["perishable"],
            kind=said.get("kind") or Kind.PHYSICAL,
        )

    @property
    def is_counted(self) -> bool:
        """Whether the stock is that of a pool of codes."""
        return _is_counted(self.product, self.form["kind"].data if "kind" in self.form.fields else None)

    @property
    def seen_version(self) -> int:
        return self.form.cleaned_data.get("seen_version") or 0

    @property
    def honest_fields(self) -> list[tuple[BoundField, BoundField]]:
        """The four honest answers, each with its English twin."""
        return [(self.form[name], self.form[f"{name}_en"]) for name in HONEST]

    def as_typed(self, *, more_rows: int = 0) -> Editor:
        """The same words on a fresh page, not judged yet: after adding a row, or saving the pictures alone."""
        typed = {name: self.form[name].data for name in self.form.fields}
        rows = [row for form in self.variants.forms if (row := _typed_row(form)) is not None]
        return Editor(
            product=self.product,
            tree=self.tree,
            form=ProductForm(instance=None, initial=typed, tree=self.tree, is_new=self.product is None),
            variants=_table(rows, extra=max(more_rows, 0 if rows else 1), is_counted=self.is_counted),
            pictures=PicturesForm(images=_images(self.product)),
        )

    def refused(self, refusal: DomainError, *, product: Product | None, data: QueryDict, files: Files) -> Editor:
        """The same words with the refusal on top; saving again then counts from the listing as it is now."""
        fresh = data.copy()
        if isinstance(refusal, StaleListing | StockMoved) and product is not None:
            fresh["seen_version"] = str(product.version)
            _count_from_now(fresh, product)
        again = Editor.posted(product=product, tree=self.tree, data=fresh, files=files)
        again.form.is_valid()
        for name, text in refusal.fields.items():
            if name in again.form.fields:
                again.form.add_error(name, str(text))
        again.refusals = [refusal.message, *(str(t) for n, t in refusal.fields.items() if n not in again.form.fields)]
        return again


def _is_counted(product: Product | None, kind: str | None = None) -> bool:
    return (product.kind if product else kind) == Kind.CODE


def _table(rows: list[dict[str, Any]], *, data: QueryDict | None = None, extra: int = 0, is_counted: bool) -> Variants:
    return variants_class(extra=extra)(data, initial=rows, prefix=PREFIX, form_kwargs={"is_counted": is_counted})


def _rows_of(product: Product | None) -> list[dict[str, Any]]:
    if product is None:
        return []
    names = ("id", "name", "name_en", "sku", "stock", "is_active")
    return [
        {**{name: getattr(row, name) for name in names}, "price": row.price_minor, "seen_stock": row.stock}
        for row in product.variants.all()
    ]


def _images(product: Product | None) -> list[Any]:
    return list(product.images.all()) if product else []


def _typed_row(form: Any) -> dict[str, Any] | None:
    row = {name: form[name].data for name in form.fields}
    said = [row.get(name) for name in ("id", "name", "name_en", "sku", "price", "stock")]
    return row if any(said) else None


def _count_from_now(data: QueryDict, product: Product) -> None:
    """Give each row the present count to start from; a count nobody touched follows it."""
    now = {str(row.pk): row.stock for row in product.variants.all()}
    for name in [name for name in data if name.startswith(f"{PREFIX}-") and name.endswith("-id")]:
        row = name.removesuffix("-id")
        known = now.get(str(data.get(name)))
        if known is not None:
            stock = str(known)
            if data.get(f"{row}-stock") == data.get(f"{row}-seen_stock"):
                data[f"{row}-stock"] = stock
            data[f"{row}-seen_stock"] = stock
