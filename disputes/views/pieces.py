"""What there is to look at in a case: evidence of both sides and pictures from packing, read in one query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import CharField, F, QuerySet, Value
from django.urls import reverse
from django.utils.translation import gettext as _

from disputes.models import Case, Evidence
from disputes.states import Party
from logistics.models import PackPhoto

_COLUMNS = ("kind", "id", "file", "words", "side", "sha256", "created_at", "owner")


@dataclass(frozen=True, slots=True)
class Piece:
    """``kind``: evidence, or packed. ``words``: what it is meant to show, or its parcel's number."""

    kind: str
    pk: UUID
    file: str
    words: str
    party: str
    sha256: str
    at: datetime
    owner: UUID  # its case, or its parcel


def pieces_of(case: Case) -> list[Piece]:
    """Everything that can be looked at, oldest first."""
    brought = _columns(Evidence.objects.filter(case=case), "evidence", words=F("shows"), side=F("party"), owner="case")
    photos = PackPhoto.objects.filter(shipment__order_id=case.order_id)
    side = Value(str(Party.MERCHANT), CharField())
    packed = _columns(photos, "packed", words=F("shipment__number"), side=side, owner="shipment")
    return sorted((Piece(*row) for row in brought.union(packed, all=True)), key=lambda piece: (piece.at, piece.pk))


def _columns(rows: QuerySet[Any], kind: str, *, words: F, side: Any, owner: str) -> QuerySet[Any]:
    named = rows.order_by().annotate(kind=Value(kind, CharField()), words=words, side=side, owner=F(f"{owner}_id"))
    return named.values_list(*_COLUMNS)


def packed_by_parcel(pieces: Iterable[Piece]) -> Mapping[UUID, int]:
    """How many pictures each parcel has from its packing."""
    return Counter(piece.owner for piece in pieces if piece.kind == "packed")


def shown(pieces: Iterable[Piece]) -> list[dict[str, Any]]:
    """As components/evidence_grid.html prints them."""
    return [_packed(piece) if piece.kind == "packed" else _brought(piece) for piece in pieces]


def _brought(piece: Piece) -> dict[str, Any]:
    url = reverse("disputes:evidence-file", args=[piece.pk]) if piece.file else ""
    source = _("a claim of this side")
    original = reverse("disputes:evidence-original", args=[piece.pk]) if piece.file else ""
    return {**_item(piece, url, shows=piece.words or _("Picture without a note"), source=source), "original": original}


def _packed(piece: Piece) -> dict[str, Any]:
    """Taken before anybody quarrelled, so it stands as seen."""
    url = reverse("logistics:pack-photo", args=[piece.pk])
    shows = _("Taken when parcel %(number)s was packed") % {"number": piece.words}
    return _item(piece, url, shows=shows, source=_("seen at packing"))


def _item(piece: Piece, url: str, *, shows: str, source: str) -> dict[str, Any]:
    return {
        "url": url,
        "thumb": url,
        "shows": shows,
        "party": Party(piece.party).label,
        "at": piece.at,
        "source": source,
        "sha": piece.sha256[:12],
    }
