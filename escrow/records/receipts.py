"""Receipts: what a party takes home and can check without us."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from core.errors import NotFound
from escrow.models import Checkpoint, Compensation, Hold, Payout, Recovery, Reversal, Sealed, Transfer, TransferKind
from escrow.queries.touching import OF_CHARGEBACK, OF_HOLD, OF_PAYOUT, OF_REFUND, OF_REVERSAL, REFUND_LEG, rows_of
from escrow.records import notes
from escrow.records.checkpoints import day_of, latest
from escrow.records.leaves import fields_of, leaf_of
from escrow.records.tree import LogTree

FORMAT = "tashi-record-v1"
SEALED_WITHIN = timedelta(minutes=15)


def transfers_of(order_id: UUID) -> list[Transfer]:
    """Every movement of an order's money, oldest first."""
    hold = Hold.objects.filter(order_id=order_id).first()
    return list(rows_of([hold]).transfers()) if hold else []


def order_of(transfer: Transfer) -> UUID | None:
    """The order whose money it moved."""
    holds = Hold.objects.values_list("order_id", flat=True)
    is_fee = transfer.kind == TransferKind.FEE_BACK
    if transfer.kind in OF_REFUND or (is_fee and transfer.leg == REFUND_LEG):
        return holds.filter(refunds=transfer.ref).first()
    if transfer.kind in OF_CHARGEBACK or is_fee:
        return holds.filter(chargebacks=transfer.ref).first()
    if transfer.kind == TransferKind.SUSPENSE_APPLIED:
        return holds.filter(payment__receipts=transfer.ref).order_by("pk")[transfer.leg : transfer.leg + 1].first()
    return holds.filter(pk=transfer.ref).first() if transfer.kind in OF_HOLD else None


def store_of(transfer: Transfer) -> UUID | None:
    """The store whose payout or netted debt it was."""
    if transfer.kind == TransferKind.RECOVERED:
        return Recovery.objects.filter(pk=transfer.ref).values_list("store_id", flat=True).first()
    if transfer.kind == TransferKind.COMPENSATION:
        return Compensation.objects.filter(pk=transfer.ref).values_list("store_id", flat=True).first()
    if transfer.kind in OF_REVERSAL:
        return Reversal.objects.filter(pk=transfer.ref).values_list("payout__store_id", flat=True).first()
    if transfer.kind not in OF_PAYOUT:
        return None
    return Payout.objects.filter(pk=transfer.ref).values_list("store_id", flat=True).first()


def payer_of(transfer: Transfer) -> UUID | None:
    """The buyer to whom it was made good, or whose refund of that was confirmed."""
    rows = Compensation.objects.values_list("payment__buyer_id", flat=True)
    if transfer.kind == TransferKind.COMPENSATION:
        return rows.filter(pk=transfer.ref).first()
    return rows.filter(refund=transfer.ref).first() if transfer.kind == TransferKind.REFUND_DONE else None


def one_receipt(*, transfer_id: int, now: datetime) -> dict[str, Any]:
    """
    The signed receipt of one movement, numbered among those of its order.

    :raises NotFound: if there is none; whether the reader may see it is the door's question
    """
    transfer = Transfer.objects.filter(pk=transfer_id).first()
    if transfer is None:
        raise NotFound
    order_id = order_of(transfer)
    among = transfers_of(order_id) if order_id else [transfer]
    every = receipts(among, at=latest(), now=now)
    return _signed({"subject": f"transfer {transfer_id}"}, [one for one in every if _is(one, transfer)], now)


def order_record(
    *,
    number: str,
    transfers: Sequence[Transfer],
    events: Sequence[Mapping[str, str]],
    evidence: Sequence[Mapping[str, str]],
    custody: Mapping[str, Any] | None,
    now: datetime,
    bundle: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """
    All that is on record of an order: transfers with receipts, what has happened, hashes of the evidence.

    ``bundle``: which files go along with it, if any do.
    """
    found = receipts(transfers, at=latest(), now=now)
    more = {"order": number, "events": list(events), "evidence": list(evidence), "custody": custody}
    more |= {"bundle": bundle} if bundle is not None else {}
    return _signed({"subject": f"order {number}", **more}, found, now)


def receipts(transfers: Sequence[Transfer], *, at: Checkpoint | None, now: datetime) -> list[dict[str, Any]]:
    """
    A receipt for each of an order's transfers: sealed ones with their proof in ``at``, others with when they will be.

    Each says which of how many it is, so that a missing one shows.
    """
    size = at.size if at else 0
    rows = Sealed.objects.filter(transfer_id__in=[row.pk for row in transfers], seq__lt=size)
    places = dict(rows.values_list("transfer_id", "seq"))
    tree = LogTree()
    found = []
    for nth, (transfer, fields) in enumerate(zip(transfers, fields_of(transfers), strict=True), start=1):
        seq = places.get(transfer.pk)
        receipt = {"transfer": fields, "leaf": leaf_of(fields).hex(), "number": nth, "of": len(transfers), "seq": seq}
        if seq is None:
            receipt["sealed_by"] = (max(now, transfer.at) + SEALED_WITHIN).astimezone(UTC).isoformat()
        else:
            receipt["proof"] = [base64.b64encode(part).decode() for part in tree.inclusion(seq, size)]
            day = day_of(seq, today=now.astimezone(UTC).date())
            receipt["day"] = {"number": seq - day["from"] + 1, "note": day["note"]} if day else None
        found.append(receipt)
    return found


def _is(receipt: Mapping[str, Any], transfer: Transfer) -> bool:
    return bool(receipt["transfer"]["id"] == str(transfer.pk))


def _signed(about: Mapping[str, Any], found: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """A document whose payload is a text, so that its hash needs no rule of how JSON is written."""
    at = latest()
    payload = {
        **about,
        "made_at": now.astimezone(UTC).isoformat(),
        "checkpoint": at.note if at else "",
        "count": len(found),
        "receipts": found,
    }
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    signature = notes.sign(f"{FORMAT}\n{digest}\n") if notes.is_set_up() else ""
    return {"format": FORMAT, "payload": text, "signature": signature, "keys": notes.verifier_keys()}
