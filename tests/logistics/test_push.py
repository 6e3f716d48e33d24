"""Where carriers push to: signed bytes or nothing, and nothing twice."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from django.urls import reverse

from core import clock
from flows import fulfilment
from logistics.carriers import wire
from logistics.models import CarrierPush, TrackingEvent
from logistics.services import pushes
from tests.factories.logistics import CarrierFactory, ShipmentFactory
from tests.logistics.wires import SECRET

LINE = {
    "time": "2026-10-01T19:00:00+08:00",
    "code": "picked_up",
    "text": "已揽收",
    "text_en": "Picked up",
    "place": "杭州",
}


@pytest.fixture(autouse=True)
def secret(settings):
    settings.SANDBOX_CARRIER_SECRET = SECRET


@pytest.fixture
def received(monkeypatch):
    """What the flow was asked to take in; the flow itself has its own tests."""
    calls: list[dict] = []
    monkeypatch.setattr(fulfilment, "tracking_received", lambda **call: calls.append(call))
    return calls


def body_for(*numbers: str, history=(LINE,), **fields) -> bytes:
    parcels = [{"number": number, "history": list(history), **fields} for number in numbers]
    return json.dumps({"id": "1", "parcels": parcels}, ensure_ascii=False).encode()


def send(client, carrier, body: bytes, *, secret: str = SECRET, at: float | None = None, token: str = "", **headers):
    address = reverse("carrier-push", args=[carrier.code, token or carrier.push_token])
    given = headers or wire.signed_headers(body, secret=secret, at=at)
    return client.post(address, data=body, content_type="application/json", headers=given)


def test_a_signed_message_reaches_the_flow(client, carrier, shipment, received):
    answer = send(client, carrier, body_for(shipment.number.lower(), destination_city="杭州市"))
    assert (answer.status_code, answer.json()) == (200, {"result": True})
    (call,) = received
    assert (call["shipment_id"], call["provider"]) == (shipment.pk, "sandbox")
    scan = call["snapshot"].scans[0]
    assert (scan.at.isoformat(), scan.status, scan.place) == ("2026-10-01T11:00:00+00:00", "picked_up", "杭州")
    kept = CarrierPush.objects.get()
    assert kept.processed_at is not None
    assert "cookie" not in kept.headers


def forged(body: bytes) -> list[dict[str, str]]:
    good = wire.signed_headers(body, secret=SECRET)
    return [
        {"X-Nothing": "1"},
        wire.signed_headers(body, secret="guess"),
        wire.signed_headers(body + b" ", secret=SECRET),
        wire.signed_headers(body, secret=SECRET, at=time.time() - 400),
        wire.signed_headers(body, secret=SECRET, at=time.time() + 400),
        {**good, wire.TIMESTAMP: str(int(good[wire.TIMESTAMP]) + 1)},
        {**good, wire.TIMESTAMP: "9" * 30},
        {**good, wire.SIGNATURE: "踏实".encode().decode("latin-1")},
        {**good, wire.SIGNATURE: ""},
    ]


@pytest.mark.parametrize("which", range(9))
def test_a_bad_signature_leaves_nothing(client, carrier, shipment, received, which):
    body = body_for(shipment.number)
    assert send(client, carrier, body, **forged(body)[which]).status_code == 401
    assert received == []
    assert not CarrierPush.objects.exists()


def test_the_signature_is_over_the_bytes_not_the_meaning(client, carrier, shipment, received):
    body = body_for(shipment.number)
    same = json.dumps(json.loads(body)).encode()
    assert send(client, carrier, same, **wire.signed_headers(body, secret=SECRET)).status_code == 401
    assert received == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>busy</html>", b"{}", b"[]", b'"x"', b"null", b'{"parcels": []}', b'{"parcels": {}}',
        b'{"parcels": [1]}', b'{"parcels": [{"number": "TS1"}]}', b'{"parcels": [{"number": 7, "history": []}]}',
        b'{"parcels": [{"number": "TS1", "history": [{"code": "picked_up"}]}]}',
        b'{"parcels": [{"number": "TS1", "history": [{"time": "soon"}]}]}', b'{"parcels": [{"number": "TS1", "his',
        b"\xff\xfe", b"[" * 100_000,
    ],
)  # fmt: skip
def test_signed_garbage_is_a_400_and_kept_for_staff(client, carrier, received, body):
    assert send(client, carrier, body).status_code == 400
    assert received == []
    assert CarrierPush.objects.get().error.startswith("malformed")


def test_the_address_must_be_right(client, carrier, shipment, received):
    body = body_for(shipment.number)
    assert send(client, carrier, body, token="x" * 43).status_code == 404
    assert send(client, CarrierFactory.build(code="nobody"), body).status_code == 404
    assert client.get(reverse("carrier-push", args=[carrier.code, carrier.push_token])).status_code == 405
    carrier.is_active = False
    carrier.save()
    assert send(client, carrier, body).status_code == 404
    assert received == []


def test_a_manual_carrier_cannot_push(client, db, received):
    body = body_for("TS1")
    assert send(client, CarrierFactory(), body).status_code == 401


def test_an_unknown_number_waits_for_a_day(client, carrier, order, received):
    assert send(client, carrier, body_for("TSEARLY0001")).json() == {"result": True}
    waiting = CarrierPush.objects.get()
    assert (waiting.processed_at, waiting.error) == (None, pushes.UNKNOWN_NUMBER)
    now = clock.now()
    assert pushes.retry_waiting(receive=fulfilment.tracking_received, now=now) == 0
    ShipmentFactory(order=order, carrier=carrier, number="TSEARLY0001")
    assert pushes.retry_waiting(receive=fulfilment.tracking_received, now=now + timedelta(hours=25)) == 0
    assert pushes.retry_waiting(receive=fulfilment.tracking_received, now=now) == 1
    assert len(received) == 1
    assert pushes.retry_waiting(receive=fulfilment.tracking_received, now=now) == 0


def test_a_number_of_another_carrier_is_unknown(client, carrier, order, received):
    ShipmentFactory(order=order, carrier=CarrierFactory(), number="TSOTHER00001")
    send(client, carrier, body_for("TSOTHER00001"))
    assert received == []


def test_one_parcels_trouble_does_not_hold_up_the_others(client, carrier, order, monkeypatch):
    good, bad = (ShipmentFactory(order=order, carrier=carrier) for _ in range(2))
    done = []

    def receive(**call):
        if call["shipment_id"] == bad.pk:
            raise RuntimeError("boom")
        done.append(call["shipment_id"])

    monkeypatch.setattr(fulfilment, "tracking_received", receive)
    assert send(client, carrier, body_for(bad.number, good.number)).status_code == 200
    assert done == [good.pk]
    assert CarrierPush.objects.get().processed_at is None, "it is tried again"


def test_codes_nobody_knows_fall_back_and_never_break(client, carrier, shipment, received):
    lines = [{**LINE, "code": code} for code in ("in_transit.teleported", "quantum", "", "delivered.by_drone")]
    assert send(client, carrier, body_for(shipment.number, history=lines)).status_code == 200
    scans = received[0]["snapshot"].scans
    assert [(s.status, s.known) for s in scans] == [
        ("in_transit", False), ("unknown", False), ("unknown", False), ("delivered", False),
    ]  # fmt: skip
    assert scans[-1].grade == ""


def test_a_time_without_an_offset_is_chinas(client, carrier, shipment, received):
    send(client, carrier, body_for(shipment.number, history=[{**LINE, "time": "2026-10-01 19:00:00"}]))
    scan = received[0]["snapshot"].scans[0]
    assert (scan.at.isoformat(), scan.tz_source) == ("2026-10-01T11:00:00+00:00", "account")


def test_details_of_odd_types_are_taken_as_absent(client, carrier, shipment, received):
    odd = {"courier": "x", "pickup": [1], "eta": {"from": 3, "to": "soon"}, "signed_by": None, "destination_city": 5}
    assert send(client, carrier, body_for(shipment.number, **odd)).status_code == 200
    snapshot = received[0]["snapshot"]
    assert (snapshot.courier_phone, snapshot.pickup_code, snapshot.eta_to, snapshot.signed_by) == ("", "", None, "")


def test_a_replay_changes_nothing(client, carrier, shipment, order):
    """Through the real flow: the same bytes with the same good signature, again and again."""
    body = body_for(shipment.number)
    headers = wire.signed_headers(body, secret=SECRET)
    for _ in range(3):
        assert send(client, carrier, body, **headers).status_code == 200
    assert TrackingEvent.objects.count() == 1
    shipment.refresh_from_db()
    assert shipment.status == "picked_up"
