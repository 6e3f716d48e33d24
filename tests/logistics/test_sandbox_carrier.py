"""The sandbox carrier: its counter, its book and its wire."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.models import Deadline
from flows import fulfilment
from logistics import carriers, sandbox_carrier, sandbox_script
from logistics.carriers.sandbox import CODES
from logistics.models import SandboxParcel, Shipment
from logistics.services import polling, registration
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.logistics import CarrierFactory, ShipmentFactory
from tests.logistics.wires import SECRET, answer_here, carrier_that, client_to


@pytest.fixture(autouse=True)
def on_this_wire(settings, monkeypatch, db):
    """Pushes and look-ups go through the whole of the shop, without a socket."""
    settings.SANDBOX_CARRIER_SECRET = SECRET
    real = sandbox_carrier.push
    monkeypatch.setattr(sandbox_carrier, "push", lambda parcel: real(parcel, client=client_to(answer_here)))
    with carriers.use("sandbox", carrier_that(answer_here)):
        yield


def post(client, shipment, event: str, signed: str = "", **more):
    address = reverse("sandbox:parcel", args=[shipment.number])
    data = {"event": event, "signed": signed, **more}
    return client.post(address, data=json.dumps(data), content_type="application/json")


def reload(shipment: Shipment) -> Shipment:
    shipment.refresh_from_db()
    return shipment


def test_a_booked_parcel_is_registered_over_the_wire(shipment):
    registration.register(shipment_id=shipment.pk)
    registration.register(shipment_id=shipment.pk)
    parcel = SandboxParcel.objects.get()
    assert (parcel.number, parcel.recipient_city, parcel.events) == (shipment.number, "杭州市", [])


def test_the_straight_journey_reaches_the_order_by_itself(client, shipment):
    seen = []
    for event in ("picked_up", "in_transit", "arrived_city", "out_for_delivery"):
        answer = post(client, shipment, event)
        assert (answer.status_code, answer.json()["pushed"]) == (200, True)
        seen.append(reload(shipment).status)
    assert seen == ["picked_up", "in_transit", "in_transit", "out_for_delivery"]
    assert shipment.courier_phone.startswith("1300000")
    post(client, shipment, "delivered", "recipient")
    assert (reload(shipment).status, shipment.grade) == ("delivered", "B")
    assert shipment.events.count() == 5


@pytest.mark.parametrize(("signed", "grade"), [("recipient", "B"), ("other", "D"), ("locker", "D"), ("", "C")])
def test_who_signed_sets_the_grade(client, shipment, signed, grade):
    post(client, shipment, "delivered", signed)
    assert (reload(shipment).status, shipment.grade) == ("delivered", grade)


def test_collected_with_the_code_is_b(client, shipment):
    post(client, shipment, "awaiting_collection")
    assert (reload(shipment).status, shipment.grade) == ("awaiting_collection", "")
    code = shipment.pickup_code.open()
    assert code not in str(list(shipment.events.values()))
    post(client, shipment, "collected")
    assert (reload(shipment).status, shipment.grade) == ("delivered", "B")


@pytest.mark.parametrize(
    ("event", "status"),
    [("failed", "delivery_failed"), ("delay", "exception"), ("lose", "lost"), ("damage", "exception"),
     ("refused", "exception"), ("return", "returning"), ("returned", "returned")],
)  # fmt: skip
def test_trouble_reaches_the_parcel(client, shipment, event, status):
    post(client, shipment, "picked_up")
    post(client, shipment, event)
    assert reload(shipment).status == status


def test_every_event_has_words_and_a_code_the_adapter_knows(shipment):
    registration.register(shipment_id=shipment.pk)
    for event in sandbox_script.EVENTS:
        for signed in ("", *sandbox_script.SIGNERS):
            parcel = sandbox_carrier.happen(number=shipment.number, event=event, signed=signed, now=clock.now())
            line = parcel.events[-1]
            assert line["code"] in CODES
            assert line["text"]
            assert line["text_en"].isascii() or "杭州市" in line["text_en"]


def test_no_two_scans_share_a_second(client, shipment):
    for event in ("picked_up", "delivered", "return", "returned"):
        post(client, shipment, event)
    times = [line["time"] for line in SandboxParcel.objects.get().events]
    assert times == sorted(set(times))
    assert reload(shipment).status == "returned"


def test_a_lost_push_is_repaired_by_a_look_up(client, shipment):
    answer = post(client, shipment, "delivered", "recipient", push=False)
    assert answer.json()["pushed"] is False
    assert reload(shipment).status == "created"
    ((shipment_id, snapshot),) = polling.fetch([shipment])
    assert (shipment_id, snapshot.scans[-1].code) == (shipment.pk, "delivered.recipient")


def test_a_push_that_fails_is_looked_up_in_a_moment(client, shipment, monkeypatch):
    monkeypatch.setattr(sandbox_carrier, "push", lambda parcel: False)
    post(client, shipment, "picked_up")
    assert reload(shipment).status == "created"
    due = Deadline.objects.get(kind="tracking.poll", subject=str(shipment.pk))
    fulfilment.poll_due([due.subject], clock.now())
    assert reload(shipment).status == "picked_up"


def test_push_and_look_up_of_one_scan_are_one_event(client, shipment):
    post(client, shipment, "picked_up")
    for shipment_id, snapshot in polling.fetch([shipment]):
        fulfilment.tracking_received(shipment_id=shipment_id, snapshot=snapshot, provider="poll", now=clock.now())
    assert shipment.events.count() == 1


@pytest.mark.parametrize("bad", [{"event": "teleport"}, {}, {"event": "delivered", "signed": "cat"}, {"event": ["x"]}])
def test_bad_events_are_refused(client, shipment, bad):
    address = reverse("sandbox:parcel", args=[shipment.number])
    answer = client.post(address, data=json.dumps(bad), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_scan")
    assert SandboxParcel.objects.get().events == []


@pytest.mark.parametrize("body", ["", "[1]", "{", "null", "[" * 50_000])
def test_what_is_no_json_object_is_refused(client, shipment, body):
    address = reverse("sandbox:parcel", args=[shipment.number])
    assert client.post(address, data=body, content_type="application/json").status_code == 400


def test_a_number_nobody_booked_is_unknown(client, order):
    assert client.get(reverse("sandbox:parcel", args=["TSNOBODY001"])).status_code == 404
    manual = ShipmentFactory(order=order, carrier=CarrierFactory())
    assert client.get(reverse("sandbox:parcel", args=[manual.number])).status_code == 404


def test_the_wire_takes_only_signed_requests(client, shipment):
    address = reverse("sandbox:carrier-api")
    assert client.get(address, {"number": shipment.number}).status_code == 401
    assert client.post(address, data="{}", content_type="application/json").status_code == 401
    assert not SandboxParcel.objects.exists()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_pages_show_the_parcel(client, shipment, language):
    client.cookies["django_language"] = language
    assert client.get(reverse("sandbox:carrier")).status_code == 200
    post(client, shipment, "picked_up")
    listing = client.get(reverse("sandbox:carrier"), {"q": shipment.number[-4:]}).content.decode()
    assert shipment.number in listing
    page = client.get(reverse("sandbox:parcel", args=[shipment.number])).content.decode()
    assert ("The courier has picked up" in page) is (language == "en")
    assert ("快递员已揽收快件" in page) is (language == "zh-hans")
    assert 'name="event" value="in_transit"' in page, "the next scan of the usual journey is offered"


def test_a_form_needs_its_token_and_comes_back_to_the_page(shipment):
    strict = Client(enforce_csrf_checks=True)
    address = reverse("sandbox:parcel", args=[shipment.number])
    assert strict.post(address, {"event": "picked_up"}).status_code == 403
    answer = Client().post(address, {"event": "picked_up"})
    assert (answer.status_code, answer.headers["Location"]) == (302, address)
    assert reload(shipment).status == "picked_up"


def test_outside_a_sandbox_there_is_no_such_carrier(client, shipment, settings):
    settings.SANDBOX = False
    for name, args in (("carrier", []), ("parcel", [shipment.number]), ("carrier-api", [])):
        assert client.get(reverse(f"sandbox:{name}", args=args)).status_code == 404


class TestByHand:
    """A carrier that tells us nothing: the merchant enters what happened."""

    @pytest.fixture
    def parcel(self, order):
        return ShipmentFactory(order=order, carrier=CarrierFactory())

    def enter(self, client, parcel, **data):
        return client.post(reverse("logistics:scan", args=[parcel.pk]), {"status": "picked_up", **data})

    def test_the_owner_and_mediators_may(self, client, parcel):
        for person, status in ((UserFactory(), 404), (parcel.order.buyer, 404), (MediatorFactory(), 302)):
            client.force_login(person)
            assert self.enter(client, parcel).status_code == status
        client.force_login(parcel.order.store.owner)
        assert client.get(reverse("logistics:scan", args=[parcel.pk])).status_code == 200

    def test_a_delivery_by_hand_has_the_weakest_proof(self, client, parcel):
        client.force_login(parcel.order.store.owner)
        assert self.enter(client, parcel, status="delivered", text="signed by the recipient").status_code == 302
        assert (reload(parcel).status, parcel.grade) == ("delivered", "D")

    @pytest.mark.parametrize(
        "bad", [{"status": "teleported"}, {"at": "2019-01-01T10:00"}, {"at": "2099-01-01T10:00"}, {"at": "soon"},
                {"courier_phone": "<script>"}],
    )  # fmt: skip
    def test_bad_entries_are_shown_again(self, client, parcel, bad):
        client.force_login(parcel.order.store.owner)
        assert self.enter(client, parcel, **bad).status_code == 400
        assert parcel.events.count() == 0

    def test_a_carrier_that_reports_itself_takes_no_scans_by_hand(self, client, shipment):
        client.force_login(shipment.order.store.owner)
        assert self.enter(client, shipment).status_code == 409
        assert shipment.events.count() == 0


def test_a_line_is_in_both_languages_with_a_place_each_can_read():
    today = clock.now().date()
    line = sandbox_script.line_of("arrived_city", signed="", city="上海市", seed=1, today=today)
    assert (line["text"], line["text_en"]) == (
        "快件已到达【上海市】网点",
        "The parcel has reached the outlet in Shanghai.",
    )
    assert (line["place"], line["place_en"]) == ("上海市", "Shanghai")
    unknown = sandbox_script.line_of("arrived_city", signed="", city="", seed=1, today=today)
    assert unknown["text_en"] == "The parcel has reached the outlet in the city of destination."
