"""
What a parcel's events add up to: LOGISTICS.md §2.4.

Pure, and a function of the set of events alone: in whatever order and however often they came, the answer is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from logistics.evidence import better
from logistics.states import EvidenceGrade, ShipmentStatus

_S = ShipmentStatus
CHINA = ZoneInfo("Asia/Shanghai")
FUTURE_TOLERANCE = timedelta(minutes=10)

# Later in the list wins when two events carry the same second.
RANK: dict[str, int] = {
    status: place
    for place, status in enumerate(
        (
            _S.UNKNOWN, _S.CREATED, _S.PICKED_UP, _S.IN_TRANSIT, _S.OUT_FOR_DELIVERY, _S.DELIVERY_FAILED,
            _S.AWAITING_COLLECTION, _S.EXCEPTION, _S.RETURNING, _S.LOST, _S.CANCELLED, _S.RETURNED, _S.DELIVERED,
        )
    )
}  # fmt: skip
# Somebody held the parcel in his hands; the rest is paper and inference.
PHYSICAL = frozenset(
    {_S.PICKED_UP, _S.IN_TRANSIT, _S.OUT_FOR_DELIVERY, _S.DELIVERY_FAILED, _S.AWAITING_COLLECTION, _S.DELIVERED,
     _S.RETURNING, _S.RETURNED}
)  # fmt: skip
TERMINAL = frozenset({_S.DELIVERED, _S.RETURNED, _S.LOST, _S.CANCELLED})


@dataclass(frozen=True, slots=True)
class Fact:
    """One event, reduced to what the state depends on."""

    key: str
    at: datetime  # clamped: never later than it was received
    status: str
    grade: str = ""
    code: str = ""
    before_payment: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """Where a parcel stands."""

    status: str = _S.CREATED
    grade: str = EvidenceGrade.NONE
    first_scan_at: datetime | None = None
    last_scan_at: datetime | None = None
    delivered_at: datetime | None = None
    flags: frozenset[str] = frozenset()
    not_applied: frozenset[str] = frozenset()  # keys of events that came after the end
    milestones: tuple[tuple[str, datetime], ...] = field(default=())  # key of the message, when it happened


def clamp(at: datetime, *, received_at: datetime) -> datetime:
    """A clock that runs ahead must not push its scan to the end of the story for ever."""
    return received_at if is_future(at, received_at=received_at) else at


def is_future(at: datetime, *, received_at: datetime) -> bool:
    return at > received_at + FUTURE_TOLERANCE


def add_up(facts: Iterable[Fact], *, elsewhere: bool = False) -> Sum:
    """
    Derive state, proof and instants.

    ``elsewhere``: the carrier names another city than the order's. A delivery there is a problem, not a delivery.
    """
    counted = sorted((f for f in facts if not f.before_payment), key=lambda f: (f.at, RANK[f.status], f.code, f.key))
    status: str = _S.CREATED
    flags: set[str] = set()
    left_out: set[str] = set()
    turned = False
    for fact in counted:
        turned = turned or fact.status == _S.RETURNING
        new = _next(status, fact, elsewhere=elsewhere and not turned, flags=flags)
        if new is None:
            left_out.add(fact.key)
        else:
            status = _on_the_way_back(new) if turned else new
    scans = [f.at for f in counted if f.status in PHYSICAL]
    delivered = _deliveries(counted, elsewhere=elsewhere)
    grade: str = EvidenceGrade.NONE
    for fact in delivered:
        grade = better(grade, fact.grade)
    return Sum(
        status=status,
        grade=grade if status == _S.DELIVERED else EvidenceGrade.NONE,
        first_scan_at=scans[0] if scans else None,
        last_scan_at=scans[-1] if scans else None,
        delivered_at=delivered[0].at if delivered else None,
        flags=frozenset(flags),
        not_applied=frozenset(left_out),
        milestones=_milestones(counted, left_out, delivered, status),
    )


def _on_the_way_back(status: str) -> str:
    """Once turned round, every move is homeward, and a delivery is the sender's, not the buyer's."""
    if status == _S.DELIVERED:
        return _S.RETURNED
    return _S.RETURNING if status in PHYSICAL and status != _S.RETURNED else status


def _next(status: str, fact: Fact, *, elsewhere: bool, flags: set[str]) -> str | None:
    """The state after one more event in order of time; None if the event is noted and not applied."""
    new = fact.status
    if new == _S.UNKNOWN:
        return status
    if status == _S.RETURNED:
        return None
    if status == _S.DELIVERED:
        return new if new in (_S.RETURNING, _S.RETURNED, _S.DELIVERED) else None
    if new == _S.DELIVERED and elsewhere:
        flags.add("city_mismatch")
        return _S.EXCEPTION
    if status == _S.LOST and new in PHYSICAL:
        flags.add("found_after_lost")
    if new == _S.CREATED:
        return status  # every parcel begins there; paperwork after the fact moves nothing
    return new


def _deliveries(counted: Sequence[Fact], *, elsewhere: bool) -> list[Fact]:
    """Deliveries to the buyer, oldest first: none after the parcel turned round, none in another city."""
    found: list[Fact] = []
    for fact in counted:
        if fact.status in (_S.RETURNING, _S.RETURNED):
            break
        if fact.status == _S.DELIVERED and not elsewhere:
            found.append(fact)
    return found


def _milestones(
    counted: Sequence[Fact], left_out: set[str], delivered: Sequence[Fact], status: str
) -> tuple[tuple[str, datetime], ...]:
    """What is worth a message, each once, oldest first. The part before ``:`` names the message."""
    seen: dict[str, datetime] = {}
    for fact in counted:
        if fact.key in left_out:
            continue
        if fact.status in PHYSICAL:
            seen.setdefault("shipped", fact.at)
        if fact.status == _S.OUT_FOR_DELIVERY:
            seen.setdefault(f"out_for_delivery:{fact.at.astimezone(CHINA).date()}", fact.at)
        elif fact.status == _S.AWAITING_COLLECTION:
            seen.setdefault("awaiting_collection", fact.at)
        elif fact.status == _S.DELIVERY_FAILED:
            seen.setdefault(f"delivery_failed:{fact.at.astimezone(CHINA).date()}", fact.at)
        elif fact.status == _S.EXCEPTION:
            seen.setdefault(f"exception:{fact.code}", fact.at)
        elif fact.status == _S.LOST:
            seen.setdefault("lost", fact.at)
        elif fact.status in (_S.RETURNING, _S.RETURNED):
            seen.setdefault("returned", fact.at)
        elif fact.status == _S.DELIVERED and not delivered and status == _S.EXCEPTION:
            seen.setdefault("exception:city_mismatch", fact.at)
    if delivered and status == _S.DELIVERED:
        seen["delivered"] = delivered[0].at
    return tuple(sorted(seen.items(), key=lambda item: (item[1], item[0])))
