"""Safety tips: each stands where it matters, and all of them on one page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape

from core.tips import TIPS, TOPICS, tips_at
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.shop import StoreFactory
from tests.stories import code_variant, open_case, paid_order, placed_order

ROOT = Path(settings.BASE_DIR)
SHOWN = re.compile(r"{% tips \"(\w+)\" %}|tips_at\(\"(\w+)\"\)")


def texts(place):
    with translation.override("en"):
        return [escape(tip.text) for tip in tips_at(place)]


def page(client, url):
    answer = client.get(url, HTTP_ACCEPT_LANGUAGE="en")
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


def test_every_place_of_the_table_is_on_a_page_and_every_page_names_one_of_the_table():
    files = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/management/commands/*.py")]
    shown = {one or two for file in files for one, two in SHOWN.findall(file.read_text())}
    assert shown == {tip.place for tip in TIPS if tip.place}


def test_codes_are_one_of_a_kind_and_every_topic_has_tips():
    assert len({tip.code for tip in TIPS}) == len(TIPS)
    assert {tip.topic for tip in TIPS} == set(TOPICS)


@pytest.mark.django_db
def test_the_page_holds_them_all_and_the_footer_leads_to_it(client):
    shown = page(client, "/safety/")
    with translation.override("en"):
        assert all(escape(tip.text) in shown for tip in TIPS)
    assert "testserver" in shown, "our own address is named"
    assert 'href="/safety/"' in page(client, "/")
    assert reverse("accounts:incident-new") in shown


@pytest.mark.django_db
def test_they_stand_where_money_and_codes_are_at_stake(client):
    order, unpaid = paid_order(), placed_order()
    codes = paid_order(variant=code_variant(keys=1))
    case = open_case(order)
    for user, url, place in (
        (unpaid.buyer, reverse("shop:payment", args=[unpaid.payment_id]), "pay"),
        (codes.buyer, reverse("shop:order-codes", args=[codes.number]), "codes"),
        (case.order.buyer, reverse("disputes:case", args=[case.number]), "case_room"),
        (case.order.store.owner, reverse("merchant:case", args=[case.number]), "case_room"),
        (StoreFactory().owner, reverse("merchant:account"), "payout_account"),
        (UserFactory(), reverse("merchant:apply"), "merchant_start"),
    ):
        client.force_login(user)
        shown = page(client, url)
        assert texts(place) and all(text in shown for text in texts(place)), url


@pytest.mark.django_db
def test_they_stand_where_somebody_is_let_in(client):
    lin = UserFactory()
    asked = client.post("/accounts/login/", {"login": lin.phone, "password": PASSWORD})
    shown = page(client, asked["Location"])
    assert all(text in shown for text in texts("device_check")), "the check of a new device"
    desk = Client()
    desk.post("/accounts/qr/")
    phone = Client()
    phone.force_login(lin)
    shown = page(phone, desk.get("/accounts/qr/").context["url"].removeprefix("http://testserver"))
    assert all(text in shown for text in texts("qr_approve")), "the phone that approves a QR login"


@pytest.mark.django_db
def test_a_key_for_another_system_comes_with_a_warning_beside_it_and_not_in_it(capsys):
    call_command("api_token", StoreFactory().slug)
    said = capsys.readouterr()
    assert len(said.out.split()) == 1, "what a program reads is the key alone"
    assert "acts in your name" in said.err
