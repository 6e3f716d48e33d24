"""Look-ups: a carrier's outage is no trouble of the parcel's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.core.cache import cache

from logistics import carriers
from logistics.carriers.base import Unavailable
from logistics.history import CHINA
from logistics.services import polling, registration
from logistics.states import ShipmentStatus
from tests.factories.logistics import CarrierFactory, ShipmentFactory
from tests.logistics.conftest import NOW
from tests.logistics.wires import carrier_that

S = ShipmentStatus
GARBAGE = {
    "html": httpx.Response(200, text="<html>Please wait</html>"),
    "empty": httpx.Response(200, json={}),
    "half": httpx.Response(200, text='{"parcels": [{"num'),
    "list": httpx.Response(200, json=[]),
    "error": httpx.Response(500),
    "limited": httpx.Response(429),
    "moved": httpx.Response(302, headers={"Location": "http://elsewhere/"}),
}


@pytest.fixture(autouse=True)
def closed_breaker(db):
    cache.clear()


def reload(shipment):
    shipment.refresh_from_db()
    return shipment


@pytest.mark.parametrize("name", GARBAGE)
def test_an_answer_that_is_none_touches_only_the_count(shipment, name):
    with carriers.use("sandbox", carrier_that(lambda request: GARBAGE[name])):
        assert polling.fetch([shipment]) == []
    reload(shipment)
    assert (shipment.poll_failures, shipment.status, shipment.watch) == (1, S.CREATED, "active")


def test_a_hang_touches_only_the_count(shipment):
    def hang(request):
        raise httpx.ReadTimeout("no answer", request=request)

    with carriers.use("sandbox", carrier_that(hang)):
        assert polling.fetch([shipment]) == []
    assert reload(shipment).poll_failures == 1


def test_after_five_failures_the_carrier_is_left_alone(shipment):
    asked = []

    def down(request):
        asked.append(request.url)
        return httpx.Response(503)

    with carriers.use("sandbox", carrier_that(down)):
        for _ in range(9):
            polling.fetch([reload(shipment)])
    assert len(asked) == polling.MAX_FAILURES
    assert polling.is_open("sandbox")
    assert polling.next_poll_at(reload(shipment), now=NOW) <= NOW + timedelta(hours=1), "it is tried again soon"


def test_a_good_answer_ends_the_count(shipment):
    shipment.poll_failures = 3
    shipment.save()
    with carriers.use("sandbox", carrier_that(lambda request: httpx.Response(200, json={"parcels": []}))):
        assert polling.fetch([shipment]) == []
    assert reload(shipment).poll_failures == 0


def test_one_unreadable_parcel_does_not_hide_the_others(order, carrier):
    bad, good = (ShipmentFactory(order=order, carrier=carrier) for _ in range(2))
    parcels = [{"number": bad.number, "history": [{"time": "?"}]}, {"number": good.number, "history": []}]
    with carriers.use("sandbox", carrier_that(lambda request: httpx.Response(200, json={"parcels": parcels}))):
        found = polling.fetch_due([bad.pk, good.pk])
    assert [(pk, snapshot.number) for pk, snapshot in found] == [(good.pk, good.number)]
    assert (reload(bad).poll_failures, reload(good).poll_failures) == (1, 0)


def test_parcels_we_did_not_ask_for_are_not_taken(shipment):
    parcels = [{"number": "TSSTRANGER1", "history": []}]
    with carriers.use("sandbox", carrier_that(lambda request: httpx.Response(200, json={"parcels": parcels}))):
        assert polling.fetch([shipment]) == []


def test_a_batch_is_never_larger_than_the_carrier_takes(order, carrier):
    rows = [ShipmentFactory(order=order, carrier=carrier) for _ in range(90)]
    sizes = []

    def count(request):
        sizes.append(len(request.url.params.get_list("number")))
        return httpx.Response(200, json={"parcels": []})

    with carriers.use("sandbox", carrier_that(count)):
        polling.fetch(rows)
    assert sizes == [40, 40, 10]


def test_a_manual_carrier_is_never_asked(order):
    shipment = ShipmentFactory(order=order, carrier=CarrierFactory())
    assert polling.fetch([shipment]) == []
    assert reload(shipment).poll_failures == 0
    registration.register(shipment_id=shipment.pk)


def test_a_stopped_watch_is_not_due(shipment):
    shipment.watch = "stopped"
    shipment.save()
    assert polling.due([shipment.pk]) == {}


@pytest.mark.parametrize(
    ("status", "hours"),
    [(S.CREATED, 24), (S.IN_TRANSIT, 24), (S.AWAITING_COLLECTION, 24), (S.EXCEPTION, 12), (S.DELIVERY_FAILED, 12)],
)
def test_intervals_follow_the_state_with_a_little_spread(order, carrier, status, hours):
    rows = [ShipmentFactory.build(order=order, carrier=carrier, status=status) for _ in range(200)]
    waits = [(polling.next_poll_at(row, now=NOW) - NOW) / timedelta(hours=1) for row in rows]
    assert hours * 0.85 <= min(waits) < max(waits) <= hours * 1.15
    assert max(waits) - min(waits) > hours * 0.2


def test_out_for_delivery_is_asked_often_but_not_at_night(order, carrier):
    row = ShipmentFactory.build(order=order, carrier=carrier, status=S.OUT_FOR_DELIVERY)
    morning = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)  # 09:00 in China
    assert polling.next_poll_at(row, now=morning) - morning < timedelta(hours=7)
    evening = datetime(2026, 10, 2, 12, 0, tzinfo=UTC)  # 20:00 in China
    due = polling.next_poll_at(row, now=evening).astimezone(CHINA)
    assert (due.day, due.hour) == (3, 7)


def test_a_parcel_is_registered_once_it_can_be(shipment):
    bodies = []

    def take(request):
        bodies.append(request.read())
        return httpx.Response(201, json={})

    with carriers.use("sandbox", carrier_that(take)):
        registration.register(shipment_id=shipment.pk)
    assert b"\xe6\x9d\xad" in bodies[0]
    with carriers.use("sandbox", carrier_that(lambda request: httpx.Response(502))), pytest.raises(Unavailable):
        registration.register(shipment_id=shipment.pk)
    with carriers.use("sandbox", carrier_that(lambda request: httpx.Response(400))):
        registration.register(shipment_id=shipment.pk)
    assert reload(shipment).watch == "stopped"
