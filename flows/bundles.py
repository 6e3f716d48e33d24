"""The record of an order with the very files it speaks of, for its two parties."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import IO, Any

from django.utils.translation import gettext as _

from core.archives import Member
from escrow.records import notes
from flows.pieces import Piece, pieces_of
from flows.records import order_record
from shop.models import Order

MOST_BYTES = 200 * 2**20  # of all files together; what does not fit is named, and can be opened in the case room
LOST, TOO_MUCH = "lost", "too much"


def bundle_of(order: Order, *, now: datetime, most_bytes: int = MOST_BYTES) -> list[Member]:
    """
    What both parties may take home of an order: the signed record, the files it names, and how to check them.

    The record says which files lie beside it and which do not, and why. A file that was altered on our disk goes along
    as it is: whoever checks the bundle will find it.
    """
    files, listed, left_out, size = [], [], [], 0
    for nth, piece in enumerate(pieces_of(order.pk), start=1):
        minor = _size_of(piece)
        why = LOST if minor is None else TOO_MUCH if size + minor > most_bytes else ""
        if why or minor is None:
            left_out.append({**piece.on_record, "why": why})
            continue
        size += minor
        name = f"files/{nth:03d}-{piece.what.replace(' ', '-')}-{piece.kept_sha256[:16]}.{piece.ending}"
        files.append(Member(name, minor, _opener(piece)))
        listed.append({**piece.named, "name": name, "sha256": piece.kept_sha256, "bytes": minor})
    record = order_record(order, now=now, bundle={"files": listed, "left_out": left_out})
    return [_written("record.json", _as_text(record)), _written("README.txt", _how_to(order, left_out)), *files]


def _size_of(piece: Piece) -> int | None:
    """Its bytes; None if the file is gone, or was before anybody took its digest."""
    try:
        return piece.content.size if piece.kept_sha256 else None
    except OSError:
        return None


def _opener(piece: Piece) -> Any:
    def opened() -> IO[bytes]:
        return piece.content.open("rb")  # type: ignore[return-value]

    return opened


def _written(name: str, text: str) -> Member:
    raw = text.encode()
    return Member(name, len(raw), lambda: io.BytesIO(raw))


def _as_text(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, indent=1)


def _how_to(order: Order, left_out: Sequence[Mapping[str, str]]) -> str:
    """In the reader's language. Not signed: it says nothing that the record does not."""
    key = next(iter(notes.verifier_keys()), "KEY")
    parts = [
        _("Everything on record of order %(number)s, and the files it speaks of.") % {"number": order.number},
        _(
            "record.json is signed. It names each file with its SHA-256. Pictures were re-encoded when they came, so "
            "that nothing but the picture is kept: the record has the SHA-256 of the original too, for whoever still "
            "has it."
        ),
        _("To check all of it, take verify.py from the page where records are checked, and run:"),
        f'pip install cryptography\npython verify.py --key "{key}" bundle {order.number}.zip',
    ]
    if left_out:
        parts.append(_("Not in here:") + "".join(f"\n- {one['what']} {one['of']}: {one['why']}" for one in left_out))
    return "\n\n".join(parts) + "\n"
