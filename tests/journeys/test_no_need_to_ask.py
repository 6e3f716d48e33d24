"""Nobody needs to ask whether it has shipped (L9): at every link the pages say so, and the message was there first."""

from __future__ import annotations

import html
import re

import pytest
from django.urls import reverse

from tests.journeys.deal import Deal
from tests.journeys.people import Person

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "TS2026000001"


@pytest.fixture
def deal() -> Deal:
    """Bought and paid; the buyer reads English from here on."""
    deal = Deal().bought()
    deal.buyer.user.language = "en"
    deal.buyer.user.save(update_fields=["language"])
    deal.buyer = Person(deal.buyer.user)
    return deal


def says(deal: Deal, words: str) -> None:
    """The order page and the list of orders both answer, without anything being opened or pressed."""
    for page in (deal.at("shop:order"), reverse("shop:orders")):
        text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", deal.buyer.open(page))).split())
        assert words in text, (page, words, text[:1500])


def told(deal: Deal) -> list[str]:
    """Kinds of the messages about the parcel, oldest first."""
    kinds = deal.buyer.user.notices.order_by("created_at", "pk").values_list("kind", flat=True)
    return [kind for kind in kinds if kind.startswith("logistics.")]


def test_every_link_is_told_and_shown_before_anybody_asks(deal):
    says(deal, "The merchant must ship by")
    assert told(deal) == []
    deal.ship(NUMBER)
    says(deal, "Packed; the carrier must have it by")
    assert NUMBER in deal.buyer.open(deal.at("shop:order"))
    assert len(told(deal)) == 1
    for event, words in {
        "picked_up": "is still held; the parcel is expected",
        "out_for_delivery": "The parcel is out for delivery",
        "delivered": "Please check what you received",
    }.items():
        before = len(told(deal))
        deal.scan(event, signed="recipient" if event == "delivered" else "")
        says(deal, words)
        assert len(told(deal)) == before + 1, (event, told(deal))


def test_a_late_merchant_is_told_of_before_anybody_asks(deal):
    deal.wait(49)
    says(deal, "The merchant is late. You may cancel now")
    assert len(deal.buyer.told("order.ship_late")) == 1
    assert len(deal.merchant.told("order.ship_late")) == 1


def test_a_number_without_a_parcel_is_not_called_shipped(deal):
    """A typed number alone is no shipping: the page says what the carrier has not done."""
    deal.ship(NUMBER)
    page = deal.buyer.open(deal.at("shop:order"))
    assert "is still held; the parcel is expected" not in page
    deal.wait(49)
    says(deal, "Packed, but the carrier has not had it in time")
