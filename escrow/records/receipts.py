"""Receipts: what a party takes home and can check without us."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from escrow.models import Checkpoint, Hold, Refund, Sealed, Transfer, TransferKind
from escrow.records import notes
from escrow.records.leaves import fields_of, leaf_of
from escrow.records.tree import LogTree

FORMAT = "tashi-record-v1"
SEALED_WITHIN = timedelta(minutes=15)
_OF_HOLD = (TransferKind.CAPTURE, TransferKind.RELEASE_NET, TransferKind.RELEASE_FEE)
_OF_REFUND = (TransferKind.REFUND, TransferKind.REFUND_DONE)


def latest() -> Checkpoint | None:
    return Checkpoint.objects.order_by("-size").first()


def transfers_of(order_id: UUID) -> list[Transfer]:
    """Every movement of an order's money, oldest first."""
    hold = Hold.objects.filter(order_id=order_id).first()
    if hold is None:
        return []
    refunds = list(Refund.objects.filter(hold=hold).values_list("pk", flat=True))
    rows = Transfer.objects.filter(Q(kind__in=_OF_HOLD, ref=hold.pk) | Q(kind__in=_OF_REFUND, ref__in=refunds))
    return list(rows.order_by("pk"))


def receipts(transfers: Sequence[Transfer], *, at: Checkpoint | None, now: datetime) -> list[dict[str, Any]]:
    """A receipt for each transfer: sealed ones with their proof in ``at``, the others with the time they will be."""
    size = at.size if at else 0
    rows = Sealed.objects.filter(transfer_id__in=[row.pk for row in transfers], seq__lt=size)
    places = dict(rows.values_list("transfer_id", "seq"))
    tree = LogTree()
    found = []
    for transfer, fields in zip(transfers, fields_of(transfers), strict=True):
        seq = places.get(transfer.pk)
        proof = tree.inclusion(seq, size) if seq is not None else []
        receipt = {
            "transfer": fields,
            "leaf": leaf_of(fields).hex(),
            "seq": seq,
            "proof": [base64.b64encode(part).decode() for part in proof],
        }
        if seq is None:
            receipt["sealed_by"] = (max(now, transfer.at) + SEALED_WITHIN).astimezone(UTC).isoformat()
        found.append(receipt)
    return found


def order_record(
    *, order_id: UUID, number: str, events: Sequence[dict[str, str]], evidence: Sequence[str], now: datetime
) -> dict[str, Any]:
    """
    All that is on record of an order, signed: transfers with receipts, what has happened, hashes of the evidence.

    The payload is a text, so that its hash needs no rule of how JSON is written.
    """
    checkpoint, transfers = latest(), transfers_of(order_id)
    payload = {
        "order": number,
        "made_at": now.astimezone(UTC).isoformat(),
        "checkpoint": checkpoint.note if checkpoint else "",
        "count": len(transfers),
        "receipts": receipts(transfers, at=checkpoint, now=now),
        "events": list(events),
        "evidence": list(evidence),
    }
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    signature = notes.sign(f"{FORMAT}\n{digest}\n") if notes.is_set_up() else ""
    return {"format": FORMAT, "payload": text, "signature": signature, "keys": notes.verifier_keys()}
