"""Evidence: what a party lays before the other and the mediator, with a digest taken on arrival (B6)."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import Invalid
from core.pictures import Picture
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
