"""What an order is called, and what is said of its parcel: true for whoever reads it, whenever he does."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from logistics.states import ShipmentStatus
from shop.queries.orders import buyer_tab_counts
from tests.factories.accounts import UserFactory
from tests.stories import paid_order, placed_order, sandbox_carrier, scan, ship, shipped_order

pytestmark = pytest.mark.django_db


def url(order):
    return reverse("shop:order", args=[order.number])


def sign_in(client, order):
    client.force_login(order.buyer)
    return order


def badges(client, order):
    """What list and page call the order, for the buyer and for the merchant."""
    found = []
    for who, app in ((order.buyer, "shop"), (order.store.owner, "merchant")):
        client.force_login(who)
        rows, page = reverse(f"{app}:orders"), reverse(f"{app}:order", args=[order.number])
        found.append(client.get(rows, headers={"accept-language": "en"}).context["rows"][0].status)
        text = client.get(page, headers={"accept-language": "en"}).content.decode()
        found += re.findall(r'class="badge[^>]*>(?:<svg.*?</svg>)?(Packed|On the way)<', text, re.DOTALL)
    return found


def test_a_parcel_nobody_has_scanned_is_packed_and_not_on_its_way(client):
    order = paid_order(buyer=UserFactory(language="en"))
    shipment = ship(order)
    assert badges(client, order) == ["Packed"] * 4
    assert buyer_tab_counts(order.buyer_id)["to_receive"] == 1
    scan(shipment, ShipmentStatus.PICKED_UP)
    assert badges(client, order) == ["On the way"] * 4


def test_the_day_a_parcel_was_expected_is_not_shown_beside_out_for_delivery(client):
    order = sign_in(client, shipped_order())
    english = {"accept-language": "en"}
    assert "Expected" in client.get(url(order), headers=english).content.decode()
    scan(order.shipments.get(), ShipmentStatus.OUT_FOR_DELIVERY)
    assert "Expected" not in client.get(url(order), headers=english).content.decode()
    client.force_login(order.store.owner)
    office = reverse("merchant:order", args=[order.number])
    assert "Expected" not in client.get(office, headers=english).content.decode()


def test_the_carriers_words_are_in_the_readers_language(client):
    order = sign_in(client, shipped_order())
    event = order.shipments.get().events.get()
    said = {"text": "\u5feb\u4ef6\u5df2\u63fd\u6536", "raw": {"text_en": "The courier has it.", "place_en": "Shanghai"}}
    type(event).objects.filter(pk=event.pk).update(**said)
    english = client.get(url(order), headers={"accept-language": "en"}).content.decode()
    assert "The courier has it." in english
    assert "Shanghai" in english
    assert said["text"] not in english
    assert said["text"] in client.get(url(order), headers={"accept-language": "zh-hans"}).content.decode()


def test_one_unpaid_order_is_cancelled_as_one(client):
    order = sign_in(client, placed_order())
    page = client.get(reverse("shop:payment", args=[order.payment_id]), headers={"accept-language": "en"})
    assert "Cancel this order" in page.content.decode()
    assert "Cancel all" not in page.content.decode()


def test_a_sandbox_number_is_explained(client):
    order = paid_order(buyer=UserFactory())
    sandbox_carrier(order.store_id)
    client.force_login(order.store.owner)
    page = client.get(reverse("merchant:order", args=[order.number]), headers={"accept-language": "en"})
    assert "TS12345678" in page.content.decode()
