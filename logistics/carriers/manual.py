"""
A carrier that tells us nothing by wire: the merchant or staff enter what happened.

What is entered by hand is a claim: a delivery entered by the merchant proves no more than the weakest grade.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from logistics.carriers.base import Answer, BadSignature, Capabilities, Scan, Snapshot
from logistics.states import EvidenceGrade, ShipmentStatus

_S = ShipmentStatus
CHOICES: tuple[ShipmentStatus, ...] = (
    _S.PICKED_UP, _S.IN_TRANSIT, _S.OUT_FOR_DELIVERY, _S.DELIVERY_FAILED, _S.AWAITING_COLLECTION, _S.DELIVERED,
    _S.EXCEPTION, _S.RETURNING, _S.RETURNED, _S.LOST,
)  # fmt: skip


def snapshot_by_hand(
    *, number: str, status: str, at: datetime, text: str = "", place: str = "", courier_phone: str = ""
) -> Snapshot:
    """One scan as a person reports it."""
    grade = EvidenceGrade.D if status == _S.DELIVERED else EvidenceGrade.NONE
    scan = Scan(
        at=at.replace(microsecond=0), raw_time=at.isoformat(timespec="seconds"), tz_source="explicit", code=status,
        status=status, grade=grade, text=text, place=place, raw={"by_hand": True},
    )  # fmt: skip
    return Snapshot(number=number, scans=(scan,), courier_phone=courier_phone)


class ManualCarrier:
    """No network: nothing to fetch, to verify or to register."""

    name = "manual"
    capabilities = Capabilities()

    def fetch_many(self, numbers: Sequence[str]) -> list[Answer]:
        return []

    def parse_push(self, *, raw_body: bytes, headers: Mapping[str, str], secret: str) -> list[Snapshot]:
        raise BadSignature("this carrier sends no messages")

    def register(self, *, number: str, city: str) -> None:
        return None
