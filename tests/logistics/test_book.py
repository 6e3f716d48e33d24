"""Booking a parcel: what the merchant types is checked, what he photographed is kept."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from core.actor import Actor
from core.models import AuditEntry
from core.pictures import NotAPicture
from logistics.errors import (
    AlreadyBooked,
    BadTrackingNumber,
    BadWeight,
    CarrierNotContracted,
    NumberTaken,
    TooManyPhotos,
    UnknownCarrier,
)
from logistics.models import PackPhoto, Shipment
from logistics.queries import carriers_for, default_carrier, shipments_of
from logistics.services import carriers, shipments
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.logistics import CarrierFactory, StoreCarrierFactory
from tests.logistics.conftest import NOW, PAID_AT, make_order

pytestmark = pytest.mark.usefixtures("contract")


def photo(name: str = "pack.jpg", colour: str = "red") -> SimpleUploadedFile:
    data = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(data, "JPEG")
    return SimpleUploadedFile(name, data.getvalue(), content_type="image/jpeg")


def book(order, **changes) -> Shipment:
    fields = {
        "order_id": order.pk, "store_id": order.store_id, "carrier_code": "sandbox", "number": "TS2610010001",
        "city": order.address["city"], "weight_g": 640, "photos": (), "paid_at": PAID_AT,
        "actor": Actor(user_id=order.store.owner_id), "now": NOW,
    }  # fmt: skip
    return shipments.book(**{**fields, **changes})


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_a_parcel_is_written_down_with_what_was_seen(order):
    shipment = book(order, number=" ts2610010001 ", photos=[photo(), photo(colour="blue")])
    shipment.refresh_from_db()
    assert (shipment.number, shipment.weight_g, shipment.status) == ("TS2610010001", 640, "created")
    assert (shipment.ship_to_city, shipment.packed_by_id) == ("杭州市", order.store.owner_id)
    assert shipment.eta_to is not None
    kept = list(shipment.photos.all())
    assert len({row.sha256 for row in kept}) == 2
    assert all(row.file.name.startswith("evidence/pack/") for row in kept)
    assert Image.open(kept[0].file.open()).format == "WEBP"
    entry = AuditEntry.objects.get(act="shipment.booked")
    assert (entry.order_id, entry.facts["photos"]) == (order.pk, 2)


@pytest.mark.parametrize(
    "number", ["", "  ", "AB", "X" * 41, "TS26１００１", "TS26 1001", "'; DROP--", "TS2610\n0001", "踏实0001"]
)
def test_a_number_that_cannot_be_one_is_refused(order, number):
    with pytest.raises(BadTrackingNumber) as refusal:
        book(order, number=number)
    assert "number" in refusal.value.fields
    assert not Shipment.objects.exists()


def test_a_number_of_another_order_is_refused_without_a_word_about_it(order):
    other = make_order(number="T2610010002", store=order.store)
    book(other)
    with pytest.raises(NumberTaken) as refusal:
        book(order)
    assert other.number not in refusal.value.message
    assert Shipment.objects.get().order_id == other.pk


def test_the_same_parcel_twice_is_refused(order):
    book(order)
    with pytest.raises(AlreadyBooked):
        book(order, number="ts2610010001")
    assert Shipment.objects.count() == 1


def test_the_same_number_at_another_carrier_is_another_parcel(order):
    StoreCarrierFactory(store_id=order.store_id, carrier=CarrierFactory(code="other"))
    book(order)
    book(order, carrier_code="other")
    assert Shipment.objects.count() == 2


def test_only_contracted_carriers_ship(order):
    CarrierFactory(code="stranger")
    with pytest.raises(CarrierNotContracted):
        book(order, carrier_code="stranger")
    assert book(order, carrier_code="stranger", direction="back").direction == "back", "a buyer may use any"


@pytest.mark.parametrize("code", ["", "nobody", "SANDBOX'"])
def test_an_unknown_carrier_is_refused(order, code):
    with pytest.raises(UnknownCarrier):
        book(order, carrier_code=code)


@pytest.mark.parametrize("grams", [0, -1, 1_000_001, 2**63])
def test_a_weight_out_of_reason_is_refused(order, grams):
    with pytest.raises(BadWeight):
        book(order, weight_g=grams)
    assert not Shipment.objects.exists()


@pytest.mark.parametrize("grams", [None, 1, 1_000_000])
def test_a_weight_within_reason_is_kept(order, grams):
    assert book(order, weight_g=grams).weight_g == grams


def test_a_picture_that_is_none_leaves_no_parcel(order):
    with pytest.raises(NotAPicture):
        book(order, photos=[photo(), SimpleUploadedFile("x.jpg", b"GIF89a<script>")])
    assert not Shipment.objects.exists()
    assert not PackPhoto.objects.exists()


def test_seven_photos_are_too_many(order):
    with pytest.raises(TooManyPhotos):
        book(order, photos=[photo() for _ in range(7)])


def test_a_replacement_takes_the_place_of_what_was_sent_before(order):
    book(order)
    assert shipments.supersede(order_id=order.pk) == 1
    assert Shipment.objects.get().superseded


def test_parcels_are_read_with_three_queries(order, django_assert_num_queries):
    for place in range(3):
        book(order, number=f"TS26100100{place}0", photos=[photo()])
    with django_assert_num_queries(3):
        for row in shipments_of(order.pk):
            assert (row.carrier.code, list(row.events.all()), len(row.photos.all())) == ("sandbox", [], 1)


def test_pack_photos_are_for_the_parties_and_mediators(order, client):
    shipment = book(order, photos=[photo()])
    address = reverse("logistics:pack-photo", args=[shipment.photos.get().pk])
    assert client.get(address).status_code == 302
    for person, status in (
        (UserFactory(), 404),
        (order.buyer, 200),
        (order.store.owner, 200),
        (MediatorFactory(), 200),
    ):
        client.force_login(person)
        answer = client.get(address)
        assert answer.status_code == status
        if status == 200:
            assert answer.headers["Content-Type"] == "image/webp"
            assert "private" in answer.headers["Cache-Control"]
            assert b"".join(answer.streaming_content)[8:12] == b"WEBP"
    assert client.get(f"/media/{shipment.photos.get().file.name}").status_code == 404


def test_the_built_in_carriers_are_made_once_and_left_alone(order):
    first = carriers.ensure_carriers()
    first[1].promise_hours = 99
    first[1].save()
    tokens = {row.push_token for row in carriers.ensure_carriers()}
    assert len(tokens) == 9
    assert carriers.ensure_carriers()[1].promise_hours == 99


@pytest.mark.parametrize(
    ("code", "number"),
    [("sf", "SF1234567890123"), ("zto", "78123456789012"), ("yto", "YT1234567890123"), ("sto", "773123456789012"),
     ("yunda", "4312345678901"), ("jt", "JT1234567890123"), ("ems", "EA123456789CN"), ("jd", "JDVA12345678901")],
)  # fmt: skip
def test_the_built_in_patterns_take_the_numbers_of_their_carriers(order, code, number):
    row = {carrier.code: carrier for carrier in carriers.ensure_carriers()}[code]
    assert shipments.checked_number(number.lower(), carrier=row) == number
    with pytest.raises(BadTrackingNumber):
        shipments.checked_number("HELLO-WORLD", carrier=row)


def test_a_store_chooses_its_carriers(order):
    carriers.ensure_carriers()
    carriers.choose_carriers(store_id=order.store_id, codes=["sf", "sandbox"], default="sandbox")
    assert [row.code for row in carriers_for(order.store_id)] == ["sandbox", "sf"]
    assert default_carrier(order.store_id).code == "sandbox"
    carriers.choose_carriers(store_id=order.store_id, codes=["zto"])
    assert default_carrier(order.store_id).code == "zto"
    with pytest.raises(UnknownCarrier):
        carriers.choose_carriers(store_id=order.store_id, codes=["zto", "nobody"])
    assert [row.code for row in carriers_for(order.store_id)] == ["zto"]
