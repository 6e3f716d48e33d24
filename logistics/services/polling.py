"""
Look-ups that repair what pushes missed: LOGISTICS.md §4.2.

An outage is the carrier's, not the parcel's: a failed look-up touches nothing but the count of failures, and after a
few in a row a carrier is left alone for a while.
"""

from __future__ import annotations

import logging
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.core.cache import cache
from django.db.models import F

from logistics import carriers
from logistics.carriers.base import CarrierAdapter, Error, Snapshot, Unavailable
from logistics.history import CHINA
from logistics.models import Shipment
from logistics.states import ShipmentStatus

log = logging.getLogger(__name__)
_S = ShipmentStatus
REPAIR: dict[str, timedelta] = {
    _S.OUT_FOR_DELIVERY: timedelta(hours=6),
    _S.EXCEPTION: timedelta(hours=12),
    _S.DELIVERY_FAILED: timedelta(hours=12),
}
USUAL = timedelta(hours=24)
JITTER = 0.15
MAX_FAILURES = 5
OPEN_SECONDS = 600
QUIET_FROM, QUIET_TO = 22, 7  # nobody delivers at night


def interval(shipment: Shipment, *, now: datetime) -> timedelta:
    """How long a parcel may be silent before we ask; shorter near its day, backing off while look-ups fail."""
    if shipment.poll_failures:
        return timedelta(minutes=min(60, 2 ** min(shipment.poll_failures, 6)))
    base = REPAIR.get(shipment.status, USUAL)
    today = now.astimezone(CHINA).date()
    if shipment.eta_from and shipment.eta_to and shipment.eta_from <= today <= shipment.eta_to + timedelta(days=1):
        base = min(base, max(base / 2, timedelta(hours=6)))
    share = zlib.crc32(shipment.pk.bytes) / 2**32  # the same parcel keeps its place, a thousand are spread
    return base * (1 - JITTER + 2 * JITTER * share)


def next_poll_at(shipment: Shipment, *, now: datetime) -> datetime:
    """When to look a parcel up next, if nothing is pushed until then."""
    due = now + interval(shipment, now=now)
    if shipment.status != _S.OUT_FOR_DELIVERY:
        return due
    local = due.astimezone(CHINA)
    if QUIET_TO <= local.hour < QUIET_FROM:
        return due
    morning = local.replace(hour=QUIET_TO, minute=local.minute, second=0, microsecond=0)
    return morning if local.hour < QUIET_TO else morning + timedelta(days=1)


def due(shipment_ids: Iterable[UUID | str]) -> dict[str, list[Shipment]]:
    """The watched parcels among these, by the adapter that has to be asked."""
    rows = Shipment.objects.select_related("carrier").filter(pk__in=list(shipment_ids), watch="active")
    return _by_adapter(rows)


def fetch_due(shipment_ids: Iterable[UUID | str]) -> list[tuple[UUID, Snapshot]]:
    return fetch([row for rows in due(shipment_ids).values() for row in rows])


def fetch(shipments: Sequence[Shipment]) -> list[tuple[UUID, Snapshot]]:
    """
    Ask carriers about these parcels and give what they know; network, so never inside a transaction.

    What could not be learned is counted on the parcel and left for the next time.
    """
    found: list[tuple[UUID, Snapshot]] = []
    for name, rows in _by_adapter(shipments).items():
        adapter = carriers.adapter(name)
        if not adapter.capabilities.fetch:
            continue
        remaining = iter(rows)
        while batch := list(islice(remaining, adapter.capabilities.batch)):
            found += _ask(adapter, batch)
    return found


def _by_adapter(shipments: Iterable[Shipment]) -> dict[str, list[Shipment]]:
    grouped: dict[str, list[Shipment]] = defaultdict(list)
    for shipment in shipments:
        grouped[shipment.carrier.adapter].append(shipment)
    return dict(grouped)


def _ask(adapter: CarrierAdapter, batch: Sequence[Shipment]) -> list[tuple[UUID, Snapshot]]:
    if is_open(adapter.name):
        _note_failure(batch)
        return []
    owner = {row.number: row for row in batch}
    try:
        answers = adapter.fetch_many(list(owner))
    except Unavailable as fault:
        log.warning("look-up of %d parcels at %s failed: %s", len(batch), adapter.name, fault)
        _trip(adapter.name)
        _note_failure(batch)
        return []
    cache.delete(_key(adapter.name))
    failed = [owner[a.number] for a in answers if isinstance(a, Error) and a.number in owner]
    _note_failure(failed)
    answered = [row.pk for row in batch if row.poll_failures and row not in failed]
    if answered:
        Shipment.objects.filter(pk__in=answered).update(poll_failures=0)
    return [(owner[a.number].pk, a) for a in answers if isinstance(a, Snapshot) and a.number in owner]


def _note_failure(rows: Iterable[Shipment]) -> None:
    ids = [row.pk for row in rows]
    if ids:
        Shipment.objects.filter(pk__in=ids, poll_failures__lt=30_000).update(poll_failures=F("poll_failures") + 1)


def is_open(name: str) -> bool:
    """Whether a carrier is being left alone after failures in a row."""
    return int(cache.get(_key(name), 0)) >= MAX_FAILURES


def _trip(name: str) -> None:
    cache.add(_key(name), 0, OPEN_SECONDS)
    try:
        cache.incr(_key(name))
    except ValueError:  # it ran out between the two lines
        cache.set(_key(name), 1, OPEN_SECONDS)


def _key(name: str) -> str:
    return f"logistics:failures:{name}"
