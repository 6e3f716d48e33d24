"""Who may look into a sealed document, and the trace that each look leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from core import audit
from core.actor import Actor
from core.errors import NotFound
from core.sealed_files import open_sealed
from shop.models import StoreApplication, StoreCheck, StoreDocument
from shop.roles import Act
from shop.services.documents import file_name, place_of
from shop.states import ApplicationStatus, CheckStatus, DocumentStatus


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A document being read, chunk by chunk."""

    chunks: Iterator[bytes]
    media_type: str
    name: str


def open_document(*, document_id: UUID, copy: bool, actor: Actor) -> OpenFile:
    """
    Open a document for those of the store who answer for its papers, or for the reviewer it is assigned to.

    ``copy``: the re-encoded picture instead of the original. Each look writes an audit entry with its reason.

    :raises NotFound: for everybody else, as if there were none
    """
    row = StoreDocument.objects.select_related("store").filter(pk=document_id).first()
    if row is None or not row.path or (copy and not row.is_picture):
        raise NotFound
    reason = why_may(row, actor)
    if not reason:
        raise NotFound
    audit.record(
        actor=actor, act="store_document.viewed", subject_type="store_document", subject=str(row.pk), reason=reason,
        facts={"store": str(row.store_id), "kind": row.kind, "copy": copy},
    )  # fmt: skip
    path, key, place = place_of(row, copy=copy)
    chunks = open_sealed(path=path, key_blob=key, place=place)
    return OpenFile(chunks, "image/webp" if copy else row.media_type, file_name(row))


def why_may(row: StoreDocument, actor: Actor) -> str:
    """Why somebody may look into a document now; empty if he may not."""
    if actor.user_id is None:
        return ""
    if row.store.role_of(actor.user_id):
        return "own store" if row.store.may(actor.user_id, Act.APPLY) else ""
    return _why_staff(row, actor) if actor.is_mediator else ""


def _why_staff(row: StoreDocument, actor: Actor) -> str:
    application = StoreApplication.objects.filter(store_id=row.store_id).first()
    is_open = application is not None and application.status == ApplicationStatus.SUBMITTED
    if is_open and application is not None and application.reviewer_id == actor.user_id:
        return "review of the application"
    if not is_open and row.status == DocumentStatus.REVIEW and row.reviewer_id == actor.user_id:
        return "review of a renewal"
    check = StoreCheck.objects.filter(store_id=row.store_id, status=CheckStatus.OPEN, reviewer_id=actor.user_id).first()
    return f"check: {check.reason or 'yearly'}" if check else ""


def open_numbers(application: StoreApplication, *, actor: Actor) -> dict[str, str]:
    """
    The identity and licence numbers in full, for the application's reviewer while it lies with him; else nothing.

    Leaves a trace, as every look into a document does.
    """
    mine = application.status == ApplicationStatus.SUBMITTED and application.reviewer_id == actor.user_id
    if not mine or application.store.role_of(actor.user_id):
        return {}
    audit.record(
        actor=actor, act="application.numbers_viewed", subject_type="application", subject=str(application.pk),
        reason="review of the application",
    )  # fmt: skip
    return numbers_of(application)


def numbers_of(application: StoreApplication) -> dict[str, str]:
    """Both numbers, opened; who may see them is asked before."""
    found = {"id_number": application.id_number, "licence_number": application.licence_number}
    return {name: value.open() for name, value in found.items() if value is not None}  # type: ignore[union-attr]
