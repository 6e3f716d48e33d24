"""Taking in what carriers say: append, derive, grade. Knows nothing of money; the flow decides what follows."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from core.actor import SYSTEM
from core.sealed import Sealed
from core.transitions import advance
from logistics import eta, history
from logistics.carriers.base import Scan, Snapshot
from logistics.cleaning import clean, clean_json, normalise, redact
from logistics.evidence import grade_of, same_city
from logistics.models import Shipment, TrackingEvent
from logistics.states import SHIPMENT, EvidenceGrade, ShipmentStatus

log = logging.getLogger(__name__)
NEWS_AGE = timedelta(hours=48)  # nobody wants a message about the day before yesterday
STALL_AFTER = timedelta(hours=48)
MAX_SCANS = 300  # a message that claims more history than any parcel has


@dataclass(frozen=True, slots=True)
class Progress:
    """What a message changed. ``first_scan_at`` and ``delivered_at`` are set only when this message brought them."""

    shipment: Shipment
    old_status: str
    status: str
    old_grade: str
    grade: str
    first_scan_at: datetime | None = None
    delivered_at: datetime | None = None
    messages: list[str] = field(default_factory=list)
    new_events: int = 0


@transaction.atomic
def receive(*, shipment_id: UUID, snapshot: Snapshot, provider: str, paid_at: datetime, now: datetime) -> Progress:
    """
    Append a carrier's account of a parcel and bring the parcel's row up to date.

    Repeats, late and reversed messages end in the same state. The caller has locked the order; the row is locked here.
    """
    shipment = Shipment.objects.select_for_update(of=("self",)).select_related("carrier").get(pk=shipment_id)
    was = dict(shipment.__dict__)
    _note_details(shipment, snapshot, now=now)
    mismatch = not same_city(shipment.destination_city, shipment.ship_to_city)
    elsewhere = mismatch and shipment.delivered_at is None  # a delivery once believed is doubted, not unmade
    known = list(shipment.events.order_by("id"))
    before = _add_up(known, elsewhere=elsewhere)
    fresh = _new_events(shipment, snapshot, known, provider=provider, paid_at=paid_at, now=now)
    after = _add_up([*known, *fresh], elsewhere=elsewhere)
    _flag(fresh, known, after)
    TrackingEvent.objects.bulk_create(fresh, ignore_conflicts=True)
    progress = _derive(shipment, before, after, mismatch=mismatch, now=now)
    return _write(shipment, was, progress, after, fresh, provider=provider)


def _derive(shipment: Shipment, before: history.Sum, after: history.Sum, *, mismatch: bool, now: datetime) -> Progress:
    """Set the derived columns, all but the status, and say what is news."""
    old_grade, first_scan, first_delivery = shipment.grade, None, None
    flags = set(after.flags)
    grade = after.grade
    if mismatch:  # learned of after the delivery was believed: the proof is worth little
        flags.add("city_mismatch")
        grade = EvidenceGrade.D if grade else grade
    if after.first_scan_at != shipment.first_scan_at:
        first_scan = after.first_scan_at if shipment.first_scan_at is None else None
        _promise_anew(shipment, start=after.first_scan_at)
    if shipment.delivered_at is None and after.status == ShipmentStatus.DELIVERED:
        first_delivery = after.delivered_at
    shipment.first_scan_at, shipment.delivered_at = after.first_scan_at, after.delivered_at
    if shipment.last_scan_at != after.last_scan_at:
        shipment.last_scan_at, shipment.stalled_at = after.last_scan_at, None
    shipment.grade, shipment.flags, shipment.poll_failures = grade, sorted(flags), 0
    return Progress(
        shipment=shipment, old_status=shipment.status, status=after.status, old_grade=old_grade, grade=grade,
        first_scan_at=first_scan, delivered_at=first_delivery, messages=_news(before, after, now=now),
    )  # fmt: skip


def _promise_anew(shipment: Shipment, *, start: datetime | None) -> None:
    """Count the promised days from the first scan, unless the carrier has named days of its own."""
    hours = shipment.carrier.promise_hours
    before = eta.promised(start=shipment.first_scan_at or shipment.created_at, promise_hours=hours)
    is_ours = shipment.eta_to is None or (shipment.eta_from, shipment.eta_to) == before
    if start is not None and is_ours:
        shipment.eta_from, shipment.eta_to = eta.promised(start=start, promise_hours=hours)


def _write(
    shipment: Shipment,
    was: Mapping[str, Any],
    progress: Progress,
    after: history.Sum,
    fresh: Sequence[TrackingEvent],
    *,
    provider: str,
) -> Progress:
    """One update if a column differs, and the move of state with its audit entry if there is one."""
    changed = [f.name for f in Shipment._meta.concrete_fields if was.get(f.attname) != shipment.__dict__.get(f.attname)]
    if changed:
        shipment.save(update_fields=changed)
    if after.status != progress.old_status:
        reason = f"{provider}: {fresh[-1].code}" if fresh else provider
        advance(shipment, after.status, machine=SHIPMENT, actor=SYSTEM, reason=reason[:200])
    return replace(progress, new_events=len(fresh))


def _note_details(shipment: Shipment, snapshot: Snapshot, *, now: datetime) -> None:
    """What is said of the parcel as a whole; silence about something never wipes what was said before."""
    for name, limit in (("signed_by", 60), ("destination_city", 30), ("courier_phone", 20), ("pickup_place", 120)):
        said = clean(getattr(snapshot, name), limit=limit)
        if said:
            setattr(shipment, name, said)
    code = clean(snapshot.pickup_code, limit=20)
    if code and code != _open(shipment.pickup_code):
        shipment.pickup_code = code
    window = eta.from_carrier(snapshot, now=now)
    if window is not None:
        shipment.eta_from, shipment.eta_to = window


def _open(value: object) -> str:
    return value.open() if isinstance(value, Sealed) else str(value or "")


def _new_events(
    shipment: Shipment,
    snapshot: Snapshot,
    known: Iterable[TrackingEvent],
    *,
    provider: str,
    paid_at: datetime,
    now: datetime,
) -> list[TrackingEvent]:
    """The lines we have not seen, each once, in order of time."""
    seen = {event.fingerprint for event in known}
    found: list[TrackingEvent] = []
    for scan in sorted(snapshot.scans[-MAX_SCANS:], key=lambda s: (s.at, history.RANK.get(s.status, 0), s.code)):
        mark = fingerprint(shipment.pk, scan)
        if mark not in seen:
            seen.add(mark)
            found.append(_event(shipment, scan, snapshot, mark=mark, provider=provider, paid_at=paid_at, now=now))
    return found


def fingerprint(shipment_id: UUID, scan: Scan) -> str:
    """Two lines are one if parcel, second, code, text and place agree."""
    at = scan.at.astimezone(UTC).replace(microsecond=0).isoformat()
    text, place = normalise(clean(scan.text, limit=2000)), normalise(clean(scan.place, limit=200))
    parts = (str(shipment_id), at, scan.code, text, place)
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()


def _event(
    shipment: Shipment, scan: Scan, snapshot: Snapshot, *, mark: str, provider: str, paid_at: datetime, now: datetime
) -> TrackingEvent:  # fmt: skip
    flags = []
    if scan.at < paid_at.replace(microsecond=0):
        flags.append("before_payment")  # a borrowed number brings an older story
    if history.is_future(scan.at, received_at=now):
        flags.append("future")
    status = scan.status if scan.status in history.RANK else ShipmentStatus.UNKNOWN
    if not scan.known:
        flags.append("unknown_code")
        log.warning("carrier %s sent a code nobody knows: %s", shipment.carrier.code, clean(scan.code, limit=40))
        if status in history.TERMINAL:
            status = ShipmentStatus.UNKNOWN  # a guess may move a parcel, never end its journey
    code = _open(shipment.pickup_code)
    return TrackingEvent(
        shipment=shipment,
        fingerprint=mark,
        at=scan.at,
        raw_time=clean(scan.raw_time, limit=40),
        tz_source=clean(scan.tz_source, limit=10),
        status=status,
        grade=grade_of(scan, signed_by=snapshot.signed_by),
        code=clean(scan.code, limit=40),
        text=redact(clean(scan.text, limit=500), code),
        place=clean(scan.place, limit=80),
        provider=provider,
        flags=flags,
        raw=redact(clean_json(dict(scan.raw)), code),
        received_at=now,
    )


def _facts(events: Iterable[TrackingEvent]) -> list[history.Fact]:
    return [
        history.Fact(
            key=event.fingerprint,
            at=history.clamp(event.at, received_at=event.received_at),
            status=event.status,
            grade=event.grade,
            code=event.code,
            before_payment="before_payment" in event.flags,
        )
        for event in events
    ]


def _add_up(events: Iterable[TrackingEvent], *, elsewhere: bool) -> history.Sum:
    return history.add_up(_facts(events), elsewhere=elsewhere)


def _flag(fresh: Iterable[TrackingEvent], known: Sequence[TrackingEvent], after: history.Sum) -> None:
    """Say of new lines what they were when they came: late, or after the end of the story."""
    newest = max((event.at for event in known if "before_payment" not in event.flags), default=None)
    for event in fresh:
        if newest is not None and event.at < newest and "before_payment" not in event.flags:
            event.flags.append("late")
        if event.fingerprint in after.not_applied:
            event.flags.append("not_applied")


def _news(before: history.Sum, after: history.Sum, *, now: datetime) -> list[str]:
    """Milestones that this message brought, oldest first; old ones are history, not news."""
    told = {key for key, _ in before.milestones}
    fresh = [key.partition(":")[0] for key, at in after.milestones if key not in told and now - at <= NEWS_AGE]
    return list(dict.fromkeys(fresh))


def is_stalled(shipment: Shipment, *, now: datetime) -> bool:
    """
    Whether a parcel has been silent for too long: booked and never scanned, or no scan since.

    Never while our own look-ups fail: a carrier's outage is no trouble of the parcel's.
    """
    moving = shipment.status not in (*history.TERMINAL, ShipmentStatus.AWAITING_COLLECTION, ShipmentStatus.RETURNING)
    if not moving or shipment.poll_failures or shipment.carrier.adapter == "manual":
        return False
    return now - (shipment.last_scan_at or shipment.created_at) >= STALL_AFTER


def newly_stalled(shipment: Shipment, *, now: datetime) -> bool:
    """True once for each silence; a new scan makes the next silence a new one."""
    if shipment.stalled_at is not None or not is_stalled(shipment, now=now):
        return False
    rows = Shipment.objects.filter(pk=shipment.pk, stalled_at__isnull=True)
    return bool(rows.update(stalled_at=now))


def stop_watch(*, shipment_ids: Iterable[UUID]) -> int:
    """The provider no longer watches these parcels: a fact about the watch, never a state of the parcel."""
    return Shipment.objects.filter(pk__in=list(shipment_ids)).update(watch="stopped")
