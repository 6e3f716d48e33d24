"""
Adapter to the sandbox carrier, over its real wire. docs of the form: ``logistics/sandbox_carrier.py``.

Codes are ``family`` or ``family.detail``. A detail we do not know falls back to its family; a family we do not know
says nothing about the state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from logistics.carriers import wire
from logistics.carriers.base import (
    Answer,
    Capabilities,
    Error,
    Malformed,
    NotFound,
    Refused,
    Scan,
    Snapshot,
    Unavailable,
)
from logistics.history import CHINA
from logistics.states import EvidenceGrade, ShipmentStatus

PARCELS = "/sandbox/carrier/api/parcels/"
_S, _G = ShipmentStatus, EvidenceGrade
CODES: dict[str, tuple[ShipmentStatus, EvidenceGrade]] = {
    "registered": (_S.CREATED, _G.NONE),
    "picked_up": (_S.PICKED_UP, _G.NONE),
    "in_transit": (_S.IN_TRANSIT, _G.NONE),
    "in_transit.arrived_city": (_S.IN_TRANSIT, _G.NONE),
    "out_for_delivery": (_S.OUT_FOR_DELIVERY, _G.NONE),
    "failed": (_S.DELIVERY_FAILED, _G.NONE),
    "awaiting_collection": (_S.AWAITING_COLLECTION, _G.NONE),
    "delivered": (_S.DELIVERED, _G.C),
    "delivered.recipient": (_S.DELIVERED, _G.B),
    "delivered.collected": (_S.DELIVERED, _G.B),
    "delivered.other": (_S.DELIVERED, _G.D),
    "delivered.locker": (_S.DELIVERED, _G.D),
    "exception": (_S.EXCEPTION, _G.NONE),
    "exception.delay": (_S.EXCEPTION, _G.NONE),
    "exception.damaged": (_S.EXCEPTION, _G.NONE),
    "exception.refused": (_S.EXCEPTION, _G.NONE),
    "returning": (_S.RETURNING, _G.NONE),
    "returned": (_S.RETURNED, _G.NONE),
    "lost": (_S.LOST, _G.NONE),
    "cancelled": (_S.CANCELLED, _G.NONE),
}


class SandboxCarrier:
    """Speaks to ``/sandbox/carrier/api/`` and reads what comes to ``/webhooks/carriers/sandbox/…``."""

    name = "sandbox"
    capabilities = Capabilities(fetch=True, push=True, register=True, batch=40)

    def __init__(self, client: httpx.Client, *, secret: str) -> None:
        self.client = client
        self.secret = secret

    def fetch_many(self, numbers: Sequence[str]) -> list[Answer]:
        """:raises Unavailable: if there was no answer, or none that can be read"""
        target = f"{PARCELS}?{urlencode([('number', number) for number in numbers])}"
        headers = wire.signed_headers(f"GET {target}".encode(), secret=self.secret)
        try:
            answer = self.client.get(target, headers=headers)
        except httpx.HTTPError as fault:
            raise Unavailable("the sandbox carrier did not answer") from fault
        if answer.status_code != 200:
            raise Unavailable(f"the sandbox carrier answered {answer.status_code}")
        return self._answers(answer.content, numbers)

    def _answers(self, body: bytes, numbers: Sequence[str]) -> list[Answer]:
        """An answer without the list we asked for says nothing of any parcel."""
        try:
            parcels = _object(json.loads(body)).get("parcels")
        except (ValueError, Malformed, RecursionError) as fault:
            raise Unavailable("the answer is no JSON object") from fault
        if not isinstance(parcels, list):
            raise Unavailable("the answer has no parcels")
        found: dict[str, Answer] = {}
        for parcel in parcels:
            number = parcel.get("number") if isinstance(parcel, dict) else None
            if not isinstance(number, str):
                continue
            try:
                found[number] = _snapshot(parcel)
            except Malformed as fault:
                found[number] = Error(number, str(fault))
        return [found.get(number, NotFound(number)) for number in numbers]

    def parse_push(self, *, raw_body: bytes, headers: Mapping[str, str], secret: str) -> list[Snapshot]:
        """:raises BadSignature: over the raw bytes, first :raises Malformed: if signed and unreadable"""
        wire.verify(raw_body, headers, secret=secret)
        return read_push(raw_body)

    def register(self, *, number: str, city: str) -> None:
        """:raises Unavailable: to be tried again :raises Refused: not to be"""
        body = json.dumps({"number": number, "recipient_city": city}, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", **wire.signed_headers(body, secret=self.secret)}
        try:
            answer = self.client.post(PARCELS, content=body, headers=headers)
        except httpx.HTTPError as fault:
            raise Unavailable("the sandbox carrier did not answer") from fault
        if answer.status_code in (400, 401):
            raise Refused(f"the sandbox carrier refused the parcel: {answer.status_code}")
        if answer.status_code not in (200, 201):
            raise Unavailable(f"the sandbox carrier answered {answer.status_code}")


def read_push(raw_body: bytes) -> list[Snapshot]:
    """
    Read a message whose signature has been checked.

    :raises Malformed: if it is not in the carrier's own form
    """
    try:
        parcels = _object(json.loads(raw_body)).get("parcels")
    except (ValueError, RecursionError) as fault:
        raise Malformed("not JSON") from fault
    if not isinstance(parcels, list) or not parcels:
        raise Malformed("no parcels in it")
    return [_snapshot(_object(parcel)) for parcel in parcels]


def _snapshot(parcel: Mapping[str, Any]) -> Snapshot:
    number, lines = parcel.get("number"), parcel.get("history")
    if not isinstance(number, str) or not number or not isinstance(lines, list):
        raise Malformed("a parcel needs number and history")
    courier, pickup = _part(parcel, "courier"), _part(parcel, "pickup")
    window = _part(parcel, "eta")
    return Snapshot(
        number=number,
        scans=tuple(_scan(_object(line)) for line in lines),
        signed_by=_text(parcel.get("signed_by")),
        destination_city=_text(parcel.get("destination_city")),
        courier_phone=_text(courier.get("phone")),
        pickup_place=_text(pickup.get("place")),
        pickup_code=_text(pickup.get("code")),
        eta_from=_day(window.get("from")),
        eta_to=_day(window.get("to")),
        raw=dict(parcel),
    )


def _scan(line: Mapping[str, Any]) -> Scan:
    code = _text(line.get("code"))
    status, grade, known = _meaning(code)
    raw_time = _text(line.get("time"))
    at, tz_source = _instant(raw_time)
    return Scan(
        at=at, raw_time=raw_time, tz_source=tz_source, code=code, status=status, grade=grade, known=known,
        text=_text(line.get("text")), place=_text(line.get("place")), at_pickup_point=code == "delivered.collected",
        raw=dict(line),
    )  # fmt: skip


def _meaning(code: str) -> tuple[str, str, bool]:
    if code in CODES:
        status, grade = CODES[code]
        return status, grade, True
    status, _ = CODES.get(code.partition(".")[0], (_S.UNKNOWN, _G.NONE))
    return status, _G.NONE, False


def _instant(raw: str) -> tuple[datetime, str]:
    """A time without an offset is China's: the carrier's account says so."""
    try:
        at = datetime.fromisoformat(raw)
        source = "explicit" if at.tzinfo else "account"
        return (at if at.tzinfo else at.replace(tzinfo=CHINA)).astimezone(UTC), source
    except (ValueError, OverflowError) as fault:
        raise Malformed("a scan without a time") from fault


def _day(raw: object) -> date | None:
    try:
        return date.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed("an object was expected")
    return value


def _part(parcel: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parcel.get(name)
    return value if isinstance(value, dict) else {}
