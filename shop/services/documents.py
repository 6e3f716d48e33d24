"""Documents of a store: taken in, sealed, decided on, replaced, run out."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from core import audit, deadlines, outbox
from core.actor import SYSTEM, Actor
from core.errors import NotFound
from core.pictures import NotAPicture, clean_picture
from core.sealed import FileKeyField
from core.sealed_files import drop_sealed, store_sealed
from core.transitions import advance
from core.workdays import add_working_days
from shop.errors import DateIsPast, NotADocument, NotEditable, ReasonMissing, TooManyDocuments
from shop.models import DocumentKind, Store, StoreApplication, StoreDocument
from shop.roles import Act
from shop.services.access import require
from shop.states import DOCUMENT, EDITABLE, STANDING, ApplicationStatus, DocumentStatus, StoreStatus

MAX_BYTES = 10 * 2**20
MOST = 40  # documents that stand, in one store
COPY_PX = 2000  # enough to read the small print of a licence
REMIND_BEFORE = (60, 30, 7)  # days
REMIND_EVERY = timedelta(days=7)
RENEWAL_DAYS = 3  # working days for a renewal
PDF = "application/pdf"
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_MAGIC = ((b"%PDF-", PDF), (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


def add_document(
    *,
    store: Store,
    kind: str,
    upload: UploadedFile,
    valid_until: date | None,
    actor: Actor,
    now: datetime,
    permit: str = "",
    brand: str = "",
) -> StoreDocument:
    """
    Take in a document: the original sealed, of a picture a re-encoded copy too, also sealed.

    While the application is being filled in, a newer one takes the place of the older. In an approved store it is a
    renewal: it goes to review, and what it renews stands meanwhile.

    :raises NotADocument: if it is neither a PDF nor a picture
    :raises DateIsPast: if it has run out already
    :raises NotEditable: while the application lies with the reviewers, or the store is gone
    """
    require(store, Act.APPLY, actor=actor)
    assert actor.user_id is not None
    if valid_until is not None and valid_until < timezone.localtime(now).date():
        raise DateIsPast
    row = StoreDocument(
        store=store, kind=kind, permit=permit, brand=brand.strip()[:60], valid_until=valid_until,
        uploaded_by=actor.user_id, uploaded_at=now,
    )  # fmt: skip
    _seal(row, upload)
    try:
        with transaction.atomic():
            _file_in(row, actor=actor, now=now)
    except BaseException:
        _drop_files(row)
        raise
    return row


def _seal(row: StoreDocument, upload: UploadedFile) -> None:
    """Put the files on the disk, encrypted; outside the transaction, for a row rolled back leaves only noise."""
    upload.seek(0)
    head = upload.read(16)
    row.media_type = _type_of(head)
    copy = None
    if row.media_type != PDF:
        try:
            copy = clean_picture(upload, max_px=COPY_PX)
        except NotAPicture as fault:
            raise NotADocument from fault
    upload.seek(0)
    info = store_sealed(stream=upload, place=_place(row, "key"), max_bytes=MAX_BYTES)
    row.path, row.key, row.sha256, row.size = info.path, info.key_blob, info.sha256, info.size
    if copy is not None:
        kept = store_sealed(stream=io.BytesIO(copy.webp), place=_place(row, "copy_key"), max_bytes=4 * MAX_BYTES)
        row.copy_path, row.copy_key = kept.path, kept.key_blob


def _type_of(head: bytes) -> str:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    found = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    if found is None:
        raise NotADocument
    return found


def _place(row: StoreDocument, column: str) -> str:
    field = StoreDocument._meta.get_field(column)
    assert isinstance(field, FileKeyField)
    return field.place_of(row)


def place_of(row: StoreDocument, *, copy: bool) -> tuple[str, bytes, str]:
    """Where a document's original or copy lies, its key, and what it is sealed for."""
    if copy:
        return row.copy_path, bytes(row.copy_key or b""), _place(row, "copy_key")
    return row.path, bytes(row.key or b""), _place(row, "key")


def _file_in(row: StoreDocument, *, actor: Actor, now: datetime) -> None:
    store = Store.objects.select_for_update(no_key=True).get(pk=row.store_id)
    application = StoreApplication.objects.filter(store=store).first()
    same = list(_same(row))
    if store.status in (StoreStatus.APPROVED, StoreStatus.SUSPENDED):
        row.status = DocumentStatus.REVIEW
        row.replaces = next(
            (old for old in same if old.status in (DocumentStatus.ACCEPTED, DocumentStatus.EXPIRED)), None
        )
        waiting = [old for old in same if old.status in (DocumentStatus.REVIEW, DocumentStatus.RETURNED)]
        if any(old.status == DocumentStatus.REVIEW for old in waiting):
            raise NotEditable
    elif application is not None and application.status in EDITABLE:
        waiting = same
    else:
        raise NotEditable
    if StoreDocument.objects.filter(store=store, status__in=STANDING).count() >= MOST:
        raise TooManyDocuments
    for old in waiting:
        _move(old, DocumentStatus.REMOVED, actor=actor, reason="a newer one")
    row.save(force_insert=True)
    audit.record(
        actor=actor, act="store_document.added", subject_type="store_document", subject=str(row.pk),
        facts={"store": str(store.pk), "kind": row.kind, "sha256": row.sha256, "size": row.size},
    )  # fmt: skip
    if row.status == DocumentStatus.REVIEW:
        deadlines.schedule("document.review_by", subject=row.pk, due_at=add_working_days(now, RENEWAL_DAYS))
        outbox.publish("vetting.renewal", document_id=str(row.pk))


def _same(row: StoreDocument) -> Sequence[StoreDocument]:
    """What stands of the same kind: a store has one licence, one permit of each sort, one authorisation per brand."""
    rows = StoreDocument.objects.filter(store_id=row.store_id, kind=row.kind, permit=row.permit, brand=row.brand)
    return list(rows.filter(status__in=STANDING).order_by("-uploaded_at"))


@transaction.atomic
def remove_document(*, store: Store, document_id: Any, actor: Actor) -> None:
    """
    Take a document back that nobody has decided on; its files are destroyed.

    :raises NotFound: if the store has none such
    :raises NotEditable: once it lies with the reviewers or was accepted
    """
    require(store, Act.APPLY, actor=actor)
    row = StoreDocument.objects.filter(pk=document_id, store=store).first()
    if row is None:
        raise NotFound
    if row.status not in (DocumentStatus.SAVED, DocumentStatus.RETURNED):
        raise NotEditable
    _move(row, DocumentStatus.REMOVED, actor=actor, reason="taken back")


def send_in(application: StoreApplication, *, actor: Actor) -> None:
    """Hand all saved documents to the reviewers, in the transaction that submits the application."""
    for row in StoreDocument.objects.filter(store_id=application.store_id, status=DocumentStatus.SAVED):
        advance(row, DocumentStatus.REVIEW, machine=DOCUMENT, actor=actor, reason="submitted")


def give_back(row: StoreDocument, *, actor: Actor) -> None:
    """Hand a document that nobody has looked at back to the merchant, with the application it belongs to."""
    advance(row, DocumentStatus.SAVED, machine=DOCUMENT, actor=actor, reason="the application was sent back")


@transaction.atomic
def decide(row: StoreDocument, *, accept: bool, reason: str, actor: Actor, now: datetime) -> None:
    """
    Accept a document or send it back; who may is asked by ``reviews``.

    :raises ReasonMissing: if it is sent back without one
    :raises IllegalTransition: if it was decided meanwhile
    """
    if not accept and not reason.strip():
        raise ReasonMissing
    target = DocumentStatus.ACCEPTED if accept else DocumentStatus.RETURNED
    why = reason.strip()[:300]
    advance(
        row, target, machine=DOCUMENT, actor=actor, reason=why or "in order", reviewer_id=actor.user_id, decided_at=now
    )
    StoreDocument.objects.filter(pk=row.pk).update(reason=why)
    row.reason = why
    deadlines.cancel("document.review_by", subject=row.pk)
    if accept:
        _accepted(row, actor=actor)
    elif StoreApplication.objects.filter(store_id=row.store_id, status=ApplicationStatus.APPROVED).exists():
        deadlines.schedule("document.remind", subject=f"{row.pk}:returned", due_at=now + REMIND_EVERY)
        outbox.publish("vetting.document_returned", document_id=str(row.pk))


def _accepted(row: StoreDocument, *, actor: Actor) -> None:
    """Its clocks begin, and what it renews is past."""
    if row.replaces is not None and row.replaces.status in (DocumentStatus.ACCEPTED, DocumentStatus.EXPIRED):
        _move(row.replaces, DocumentStatus.REPLACED, actor=actor, reason=f"renewed by {row.pk}")
    if row.valid_until is None:
        return
    ends = timezone.make_aware(datetime.combine(row.valid_until + timedelta(days=1), time()))
    rows = [("document.remind", f"{row.pk}:{days}", ends - timedelta(days=days)) for days in REMIND_BEFORE]
    deadlines.schedule_all([("document.expires", row.pk, ends), *rows])


@transaction.atomic
def expire(*, document_id: Any, now: datetime) -> StoreDocument | None:
    """Note that a document has run out; None if it was renewed in time."""
    row = StoreDocument.objects.select_for_update(no_key=True).get(pk=document_id)
    deadlines.finish("document.expires", subjects=[row.pk])
    if row.status != DocumentStatus.ACCEPTED:
        return None
    advance(row, DocumentStatus.EXPIRED, machine=DOCUMENT, actor=SYSTEM, reason="its date has passed")
    deadlines.schedule("document.remind", subject=f"{row.pk}:expired", due_at=now + REMIND_EVERY)
    return row


def _move(row: StoreDocument, target: str, *, actor: Actor, reason: str) -> None:
    advance(row, target, machine=DOCUMENT, actor=actor, reason=reason)
    deadlines.cancel_all(subjects=[row.pk, *_reminders(row.pk)])
    if target == DocumentStatus.REMOVED:
        shred(row)


def shred(row: StoreDocument, *, now: datetime | None = None) -> None:
    """
    Destroy a document's files: their keys go with this transaction, the noise after it. The row stays.

    The noise goes by the outbox, which comes again until it is done: a crash in between leaves no file behind.
    """
    paths = [path for path in (row.path, row.copy_path) if path]
    gone: dict[str, Any] = {"path": "", "key": None, "copy_path": "", "copy_key": None}
    gone |= {"purged_at": now} if now else {}
    StoreDocument.objects.filter(pk=row.pk).update(**gone)
    for name, value in gone.items():
        setattr(row, name, value)
    outbox.publish("vetting.files_shredded", paths=paths)


def _drop_files(row: StoreDocument) -> None:
    drop_files([path for path in (row.path, row.copy_path) if path])


def drop_files(paths: Sequence[str]) -> None:
    """Take files away that no row names any more; safe to repeat."""
    for path in paths:
        drop_sealed(path)


def stop_clocks(store_id: UUID) -> None:
    """Nobody is asked for papers any more: the store has ended."""
    rows = StoreDocument.objects.filter(store_id=store_id, status__in=STANDING).values_list("pk", flat=True)
    deadlines.cancel_all(subjects=[name for pk in rows for name in (str(pk), *_reminders(pk))])


def _reminders(pk: UUID) -> list[str]:
    return [f"{pk}:{what}" for what in (*REMIND_BEFORE, "returned", "expired")]


def file_name(row: StoreDocument) -> str:
    """A name of our own for who downloads it; what the file was called where it came from is not kept."""
    ending = {PDF: ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}.get(row.media_type, ".webp")
    return str(PurePath(f"{row.kind}-{str(row.pk)[:8]}").with_suffix(ending))


BUSINESS_KINDS = (DocumentKind.LICENCE, DocumentKind.ID_FRONT, DocumentKind.ID_BACK)
