"""
The sandbox carrier itself: the other side of the wire. It keeps its own book and knows nothing of orders.

Its message, pushed after every scan and given to every look-up, always with the whole history, oldest line first::

    {
        "id": "6a0f…",
        "parcels": [
            {
                "number": "TS20261001001",
                "destination_city": "杭州市",
                "signed_by": "",
                "courier": {"name": "…", "phone": "…"},
                "pickup": {"place": "…", "code": "…"},
                "eta": {"from": "2026-10-03", "to": "2026-10-04"},
                "history": [
                    {
                        "time": "2026-10-01T10:00:00+08:00",
                        "code": "picked_up",
                        "text": "…",
                        "text_en": "…",
                        "place": "…",
                        "place_en": "…",
                    }
                ],
            }
        ],
    }

It is signed as ``logistics.carriers.wire`` says. Its scans follow the sandbox clock, its signatures real time.
"""

from __future__ import annotations

import json
import logging
import uuid
import zlib
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from core import deadlines
from core.wire import client as outgoing
from logistics import sandbox_script as script
from logistics.carriers import wire
from logistics.errors import UnknownScan
from logistics.history import CHINA
from logistics.models import Carrier, SandboxParcel, Shipment

log = logging.getLogger(__name__)
PUSH_TIMEOUT_SECONDS = 6  # a worker that has just started needs a moment
ASK_AGAIN = timedelta(seconds=5)


def book_parcel(*, number: str, city: str, now: datetime) -> SandboxParcel:
    """Know a parcel from now on; the same again for one that is known."""
    parcel, is_new = SandboxParcel.objects.get_or_create(
        number=number, defaults={"recipient_city": city[:30], "created_at": now}
    )
    if not is_new and city and not parcel.recipient_city:
        parcel.recipient_city = city[:30]
        parcel.save(update_fields=["recipient_city"])
    return parcel


def parcel_of(number: str, *, now: datetime) -> SandboxParcel | None:
    """A parcel by its number; one that a merchant has booked and nobody has registered yet is written down."""
    number = number.strip().upper()
    parcel = SandboxParcel.objects.filter(number=number).first()
    if parcel is None:
        booked = Shipment.objects.filter(number=number, carrier__adapter="sandbox").first()
        parcel = book_parcel(number=number, city=booked.ship_to_city, now=now) if booked else None
    return parcel


def note_booked(*, now: datetime) -> None:
    """Write down the newest booked parcels that nobody has registered yet."""
    known = SandboxParcel.objects.values("number")
    booked = Shipment.objects.filter(carrier__adapter="sandbox").exclude(number__in=known)
    for number, city in booked.order_by("-created_at").values_list("number", "ship_to_city")[:50]:
        book_parcel(number=number, city=city, now=now)


@transaction.atomic
def happen(*, number: str, event: str, signed: str = "", now: datetime) -> SandboxParcel:
    """
    Let something happen to a parcel. No two scans of one parcel share a second, as with a real scanner.

    :raises UnknownScan: if there is no such event or no such signer
    """
    if event not in script.EVENTS or (signed and signed not in script.SIGNERS):
        raise UnknownScan(fields={"event": UnknownScan.default_message})
    parcel = SandboxParcel.objects.select_for_update().get(number=number)
    at = now.replace(microsecond=0)
    if parcel.events:
        at = max(at, datetime.fromisoformat(parcel.events[-1]["time"]) + timedelta(seconds=1))
    seed = zlib.crc32(parcel.number.encode())
    local = at.astimezone(CHINA)
    line = script.line_of(event, signed=signed, city=parcel.recipient_city, seed=seed, today=local.date())
    parcel.events = [*parcel.events, {"time": local.isoformat(), **line}]
    parcel.save(update_fields=["events"])
    return parcel


def told(parcel: SandboxParcel) -> dict[str, Any]:
    """All the carrier says of a parcel."""
    facts: dict[str, Any] = {"signed_by": "", "courier": {}, "pickup": {}, "eta": {}}
    for line in parcel.events:
        facts.update({name: line[name] for name in facts if name in line})
    history = [{name: value for name, value in line.items() if name not in facts} for line in parcel.events]
    return {"number": parcel.number, "destination_city": parcel.recipient_city, **facts, "history": history}


def message(parcels: list[SandboxParcel]) -> bytes:
    body = {"id": uuid.uuid4().hex, "parcels": [told(parcel) for parcel in parcels]}
    return json.dumps(body, ensure_ascii=False).encode()


def push(parcel: SandboxParcel, *, client: httpx.Client | None = None) -> bool:
    """
    Tell the shop, over the wire; call it after the commit. False if it did not get through: look-ups repair that.
    """
    carrier = Carrier.objects.filter(adapter="sandbox", is_active=True).order_by("pk").first()
    if carrier is None:
        return False
    body = message([parcel])
    target = settings.SITE_URL + reverse("carrier-push", args=[carrier.code, carrier.push_token])
    headers = {"Content-Type": "application/json", **wire.signed_headers(body, secret=settings.SANDBOX_CARRIER_SECRET)}
    own = client or outgoing(timeout_seconds=PUSH_TIMEOUT_SECONDS)
    try:
        answer = own.post(target, content=body, headers=headers)
        return answer.status_code == 200 and answer.json().get("result") is True
    except (httpx.HTTPError, ValueError) as fault:
        log.warning("the shop did not take a push for %s: %r", parcel.number, fault)
        return False


def ask_soon(parcel: SandboxParcel, *, now: datetime) -> None:
    """A push did not get through: where a real carrier would push again, the shop looks the parcel up in a moment."""
    rows = Shipment.objects.filter(number=parcel.number, carrier__adapter="sandbox", watch="active")
    for pk in rows.values_list("pk", flat=True):
        deadlines.schedule("tracking.poll", subject=pk, due_at=now + ASK_AGAIN)
