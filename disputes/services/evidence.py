"""Evidence: what a party lays before the other and the mediator, with a digest taken on arrival (B6)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import datetime

from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from core import audit
from core.actor import Actor
from core.errors import Invalid, NotFound
from core.pictures import MAX_BYTES, Picture
from core.sealed import FileKeyField
from core.sealed_files import open_or_refuse, store_sealed
from disputes.errors import TextNeeded
from disputes.models import Case, Evidence
from disputes.services.cases import add_entry
from disputes.services.pace import may_show
from disputes.states import Party

MAX_PIECES = 30


class TooMuchEvidence(Invalid):
    code = "too_much_evidence"
    default_message = _("This case has as many pictures as it can hold. Write to the mediator in the case room.")


def add(*, case: Case, party: str, picture: Picture | None, shows: str, actor: Actor, now: datetime) -> Evidence:
    """
    Keep a picture (digest of the original) or a statement.

    The file comes decoded: one that is no picture must be refused before another has been written to the disk, where
    no rollback would find it.

    :raises TextNeeded: if there is neither picture nor statement
    :raises TooManyPieces: if they come too fast
    """
    if picture is None and not shows.strip():
        raise TextNeeded
    if Evidence.objects.filter(case=case, party=party).count() >= MAX_PIECES:
        raise TooMuchEvidence
    if party != Party.PLATFORM:
        may_show(actor=actor, now=now)
    piece = Evidence(case=case, party=party, author_id=actor.user_id, shows=shows.strip()[:200], created_at=now)
    if picture is not None:
        piece.sha256, piece.kept_sha256 = picture.sha256, picture.kept_sha256
        _keep_original(piece, picture)
        piece.file.save(f"{piece.pk}.webp", ContentFile(picture.webp), save=False)
    else:
        piece.sha256 = hashlib.sha256(piece.shows.encode()).hexdigest()
    piece.save(force_insert=True)
    add_entry(
        case=case,
        party=party,
        act="evidence",
        text=piece.shows,
        facts={"evidence": str(piece.pk)},
        actor=actor,
        now=now,
    )
    return piece


def open_original(*, piece: Evidence, actor: Actor) -> Iterator[bytes]:
    """
    The file as it came, for who laid it before us and for the mediator of the case; each look is on record.

    :raises NotFound: for everybody else, and if there is none
    :raises Damaged: if it is not what was sealed
    """
    is_his = actor.user_id is not None and actor.user_id in (piece.author_id, piece.case.mediator_id)
    if not is_his or not piece.original_path or piece.original_key is None:
        raise NotFound
    chunks = open_or_refuse(path=piece.original_path, key_blob=bytes(piece.original_key), place=_place(piece))
    audit.record(
        actor=actor, act="evidence.opened", subject_type="evidence", subject=str(piece.pk),
        facts={"case": piece.case.number, "sha256": piece.sha256},
    )  # fmt: skip
    return chunks


def _keep_original(piece: Evidence, picture: Picture) -> None:
    kept = store_sealed(stream=io.BytesIO(picture.original), place=_place(piece), max_bytes=MAX_BYTES)
    assert kept.sha256 == piece.sha256
    piece.original_path, piece.original_key, piece.original_bytes = kept.path, kept.key_blob, kept.size


def _place(piece: Evidence) -> str:
    field = Evidence._meta.get_field("original_key")
    assert isinstance(field, FileKeyField)
    return field.place_of(piece)
