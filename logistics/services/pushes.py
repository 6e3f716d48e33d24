"""
Carriers' messages: kept as they came, worked off at once or, while the parcel is not known yet, within a day.

What a message does to a deal is the flow's business, so the flow's function is handed in.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.errors import DomainError
from logistics import carriers, queries
from logistics.carriers.base import Malformed, Snapshot
from logistics.carriers.sandbox import read_push
from logistics.cleaning import clean
from logistics.models import Carrier, CarrierPush, Shipment

log = logging.getLogger(__name__)
KEPT_HEADERS = ("content-type", "user-agent", "x-carrier-timestamp", "x-carrier-signature")
READERS: dict[str, Callable[[bytes], list[Snapshot]]] = {"sandbox": read_push}
UNKNOWN_NUMBER = "unknown number"


class Receive(Protocol):
    """``flows.fulfilment.tracking_received``"""

    def __call__(self, *, shipment_id: UUID, snapshot: Snapshot, provider: str, now: datetime) -> None: ...


def accept(*, carrier: Carrier, raw_body: bytes, headers: Mapping[str, str], now: datetime) -> CarrierPush:
    """
    Verify a message over its bytes, then keep it.

    :raises BadSignature: and nothing is kept
    :raises Malformed: kept for staff to look at; the carrier's form has changed
    """
    adapter, secret = carriers.adapter(carrier.adapter), carriers.push_secret(carrier.adapter)
    try:
        adapter.parse_push(raw_body=raw_body, headers=headers, secret=secret)
    except Malformed as fault:
        _store(carrier, raw_body, headers, now=now, processed_at=now, error=f"malformed: {fault}")
        raise
    return _store(carrier, raw_body, headers, now=now)


def work_off(push: CarrierPush, *, receive: Receive, now: datetime) -> bool:
    """
    Hand every parcel in a message to the flow; False if one is unknown or failed, and the message waits.

    One parcel's trouble does not hold up the others.
    """
    trouble = ""
    for snapshot in READERS[push.carrier.adapter](bytes(push.raw_body)):
        number = snapshot.number.strip().upper()[:60]
        rows = Shipment.objects.filter(carrier_id=push.carrier_id, number=number)
        shipment_id = rows.values_list("pk", flat=True).first()
        if shipment_id is None:
            trouble = trouble or UNKNOWN_NUMBER
            continue
        try:
            receive(shipment_id=shipment_id, snapshot=snapshot, provider=push.carrier.adapter, now=now)
        except DomainError as refusal:
            trouble = f"refused: {refusal.code}"
        except Exception as fault:
            log.exception("push %s: parcel %s failed", push.pk, shipment_id)
            trouble = f"failed: {fault!r}"
    CarrierPush.objects.filter(pk=push.pk).update(processed_at=None if trouble else now, error=trouble[:500])
    return not trouble


def retry_waiting(*, receive: Receive, now: datetime) -> int:
    """Try again what waits, of the last day; give how many messages are done with."""
    return sum(work_off(push, receive=receive, now=now) for push in queries.waiting_pushes(now=now))


def _store(
    carrier: Carrier, raw_body: bytes, headers: Mapping[str, str], *, now: datetime,
    processed_at: datetime | None = None, error: str = "",
) -> CarrierPush:  # fmt: skip
    kept = {name.lower(): clean(value, limit=200) for name, value in headers.items() if name.lower() in KEPT_HEADERS}
    return CarrierPush.objects.create(
        carrier=carrier, body_sha256=hashlib.sha256(raw_body).hexdigest(), raw_body=raw_body, headers=kept,
        received_at=now, processed_at=processed_at, error=error[:500],
    )  # fmt: skip
