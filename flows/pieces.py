"""What proves something in a deal, as both parties may see it: pack photos, the carrier's word, evidence of cases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.db.models import Q

from disputes.models import Evidence
from logistics.models import PackPhoto, TrackingEvent
from logistics.states import ShipmentStatus


@dataclass(frozen=True, slots=True)
class Piece:
    """
    One piece, with the digest of what was handed in and of what is kept of it.

    A picture is re-encoded when it comes, so the two differ; of words both are the same. ``kept_sha256`` is empty where
    the file was lost before its digest was taken.
    """

    what: str
    by: str
    of: str
    sha256: str
    kept_sha256: str
    ending: str
    content: File[bytes]

    @property
    def on_record(self) -> dict[str, str]:
        return {**self.named, "sha256": self.sha256, "kept_sha256": self.kept_sha256}

    @property
    def named(self) -> dict[str, str]:
        return {"what": self.what, "by": self.by, "of": self.of}


def pieces_of(order_id: UUID) -> list[Piece]:
    """
    Every piece of an order, the same for both parties and in an order that only grows at the end of each kind.

    Nothing else belongs here: no words of the case room, no notes of staff, no papers of a store, no code of a locker.
    """
    return [*_photos(order_id), *_deliveries(order_id), *_evidence(order_id)]


def _photos(order_id: UUID) -> Iterator[Piece]:
    rows = PackPhoto.objects.filter(shipment__order_id=order_id).select_related("shipment")
    for row in rows.order_by("created_at", "pk"):
        yield Piece("pack photo", "merchant", row.shipment.number, row.sha256, row.kept_sha256, "webp", row.file)


def _deliveries(order_id: UUID) -> Iterator[Piece]:
    """The carrier's lines that say who has the parcel; each is appended once and never changed."""
    says = ~Q(grade="") | Q(status=ShipmentStatus.DELIVERED)
    rows = TrackingEvent.objects.filter(says, shipment__order_id=order_id).select_related("shipment")
    for row in rows.order_by("pk"):
        told = {
            "number": row.shipment.number, "at": row.at.astimezone(UTC).isoformat(), "status": row.status,
            "grade": row.grade, "text": row.text, "place": row.place, "provider": row.provider,
            "received_at": row.received_at.astimezone(UTC).isoformat(),
        }  # fmt: skip
        text = json.dumps(told, ensure_ascii=False, indent=1)
        yield _of_words("delivery", "carrier", row.shipment.number, text, "json")


def _evidence(order_id: UUID) -> Iterator[Piece]:
    rows = Evidence.objects.filter(case__order_id=order_id).exclude(sha256="").select_related("case")
    for row in rows.order_by("created_at", "pk"):
        if row.file:
            yield Piece("evidence", row.party, row.case.number, row.sha256, row.kept_sha256, "webp", row.file)
        else:
            yield _of_words("evidence", row.party, row.case.number, row.shows, "txt")


def _of_words(what: str, by: str, of: str, text: str, ending: str) -> Piece:
    raw = text.encode()
    digest = hashlib.sha256(raw).hexdigest()
    return Piece(what, by, of, digest, digest, ending, ContentFile(raw))
