"""The places in which a store's documents lie: one for each paper that is asked for, with what lies there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from core import clock
from core.errors import DomainError, Invalid
from core.http import actor_of
from shop.forms.vetting import KIND_OF_STEP, DocumentForm
from shop.models import DocumentKind, Permit, Store, StoreApplication, StoreDocument
from shop.services.documents import add_document
from shop.states import DocumentStatus

TONES = {
    DocumentStatus.SAVED: "quiet", DocumentStatus.REVIEW: "wait", DocumentStatus.RETURNED: "danger",
    DocumentStatus.ACCEPTED: "safe", DocumentStatus.EXPIRED: "danger",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slot:
    """One paper that is asked for. ``rows``: what lies there, the newest first."""

    kind: str
    permit: str
    brand: str
    rows: tuple[StoreDocument, ...]
    form: DocumentForm

    @property
    def key(self) -> str:
        return key_of(self.kind, self.permit, self.brand)

    @property
    def title(self) -> str:
        if self.permit:
            return str(Permit(self.permit).label)
        return self.brand or str(DocumentKind(self.kind).label)

    @property
    def is_open(self) -> bool:
        """Something is asked of the merchant here: nothing lies here, or what does was sent back or has run out."""
        standing = [row.status for row in self.rows]
        return not standing or standing[0] in (DocumentStatus.RETURNED, DocumentStatus.EXPIRED)


def key_of(kind: str, permit: str = "", brand: str = "") -> str:
    return f"{kind}/{permit or brand}" if permit or brand else kind


def slots_of_step(
    application: StoreApplication, step: str, documents: Iterable[StoreDocument], *, bad: DocumentForm | None = None
) -> list[Slot]:
    """The papers that one step asks for."""
    wanted: list[tuple[str, str, str]] = [(kind, "", "") for kind in KIND_OF_STEP.get(step, ())]
    if step == "permits":
        wanted += [(DocumentKind.PERMIT, permit, "") for permit in application.permits]
    if step == "brands":
        wanted += [(DocumentKind.BRAND, "", brand) for brand in application.brands]
    return slots(wanted, list(documents), bad=bad)


def slots(
    wanted: Iterable[tuple[str, str, str]], documents: list[StoreDocument], *, bad: DocumentForm | None = None
) -> list[Slot]:
    """Places for these papers; ``bad``: a form that was sent and is wrong, shown in its place."""
    found = []
    for kind, permit, brand in wanted:
        key = key_of(kind, permit, brand)
        rows = tuple(row for row in documents if (row.kind, row.permit, row.brand) == (kind, permit, brand))
        mine = bad is not None and bad.data.get(f"{key}-slot") == key
        form = bad if mine and bad is not None else DocumentForm(initial={"slot": key}, prefix=key)
        found.append(Slot(kind, permit, brand, rows, form))
    return found


def take_in(store: Store, request: HttpRequest, open_slots: list[Slot]) -> DocumentForm | None:
    """
    Keep a posted document; None if it was kept, else the form that says why not.

    :raises Invalid: if it is for no place that is asked for
    """
    slot = next((slot for slot in open_slots if f"{slot.key}-slot" in request.POST), None)
    if slot is None:
        raise Invalid
    form = DocumentForm(request.POST, request.FILES, prefix=slot.key)
    if not form.is_valid():
        return form
    upload = form.cleaned_data["file"]
    assert isinstance(upload, UploadedFile)
    try:
        add_document(
            store=store, kind=slot.kind, permit=slot.permit, brand=slot.brand, upload=upload,
            valid_until=form.cleaned_data["valid_until"], actor=actor_of(request), now=clock.now(),
        )  # fmt: skip
    except DomainError as refusal:
        show(form, refusal, default="file")
        return form
    return None


def show(form: Any, refusal: DomainError, *, default: str | None = None) -> None:
    """Put a refusal beside the field at fault."""
    named = {name: text for name, text in refusal.fields.items() if name in form.fields}
    for name, text in named.items():
        form.add_error(name, str(text))
    if not named:
        form.add_error(default, refusal.message)
