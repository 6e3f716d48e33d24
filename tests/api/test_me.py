"""Oneself and one's addresses, and a mediator who takes a case: what an app needs besides the deal."""

from __future__ import annotations

import pytest

from accounts.models import Address
from flows import aftersale
from tests.api.people import ask, client_of, system_of
from tests.factories.accounts import AddressFactory, MediatorFactory, UserFactory
from tests.factories.shop import StoreFactory
from tests.stories import actor_of, delivered_order, open_case

pytestmark = pytest.mark.django_db
GOOD = {"name": "林", "phone": "139 0013 9000", "district_code": "330106", "street": "文三路 1 号"}


def test_a_name_and_a_language_can_be_changed():
    user = UserFactory(language="en")
    answer = ask(client_of(user), "patch", "/me/", {"name": "小林", "language": "zh-hans"})
    assert answer.status == 200 and (answer.data["name"], answer.data["language"]) == ("小林", "zh-hans")
    assert ask(client_of(user), "get", "/me/").data == answer.data


@pytest.mark.parametrize("body", [
    {"name": "x" * 61}, {"name": 5}, {"language": "fr"}, {"is_mediator": True}, {"phone": "+8613900139000"},
    {"id": "x"},
], ids=str)  # fmt: skip
def test_nothing_else_can(body):
    user = UserFactory()
    before = ask(client_of(user), "get", "/me/").data
    answer = ask(client_of(user), "patch", "/me/", body)
    assert answer.status == 400 and answer.data["fields"]
    assert ask(client_of(user), "get", "/me/").data == before


@pytest.mark.parametrize("change", [
    {"name": ""}, {"name": "a\nb"}, {"phone": "12"}, {"phone": 13900139000}, {"district_code": "000000"},
    {"district_code": "3301"}, {"street": ""}, {"street": "x" * 121}, {"postcode": "邮编"}, {"is_default": "yes"},
    {"province": "浙江省"}, {"user": "x"},
], ids=ascii)  # fmt: skip
def test_an_address_that_makes_no_sense_is_not_written(change):
    answer = ask(client_of(UserFactory()), "post", "/me/addresses/", {**GOOD, **change})
    assert answer.status == 400 and list(answer.data["fields"]) == list(change)
    assert not Address.objects.exists()


def test_an_address_is_its_owners_alone():
    theirs, me = AddressFactory(), client_of(UserFactory())
    assert ask(me, "delete", f"/me/addresses/{theirs.pk}/").status == 404
    assert ask(me, "get", "/me/addresses/").data == []
    assert ask(client_of(theirs.user), "delete", f"/me/addresses/{theirs.pk}/").status == 204
    assert not Address.objects.exists()


def test_a_stores_system_is_nobodys_self():
    system = system_of(StoreFactory())
    assert ask(system, "get", "/me/").data["code"] == "not_with_token"
    assert ask(system, "post", "/me/addresses/", GOOD).data["code"] == "not_with_token"
    assert not Address.objects.exists()


def test_regions_from_the_country_down_to_the_district():
    visitor = client_of()
    assert len(ask(visitor, "get", "/regions/").data) >= 31
    cities = ask(visitor, "get", "/regions/?under=33").data
    assert {"code": "3301", "name": "杭州市"} in cities
    assert "330106" in {row["code"] for row in ask(visitor, "get", "/regions/?under=3301").data}
    assert ask(visitor, "get", "/regions/?under=nowhere").data == []


def test_a_mediator_takes_an_escalated_case_and_another_comes_too_late():
    order = delivered_order()
    case, one, two = open_case(order), MediatorFactory(), MediatorFactory()
    assert ask(client_of(one), "post", f"/cases/{case.number}/take/").data["code"] == "already_taken", "not called yet"
    aftersale.refuse(case_id=case.pk, text="no", actor=actor_of(order.store.owner), now=case.opened_at)
    aftersale.escalate(case_id=case.pk, text="", actor=actor_of(order.buyer), now=case.opened_at)
    assert ask(client_of(order.buyer), "post", f"/cases/{case.number}/take/").status == 404
    assert ask(client_of(one), "post", f"/cases/{case.number}/take/", idempotency_key="t").status == 200
    case.refresh_from_db()
    assert case.mediator_id == one.pk
    assert ask(client_of(two), "post", f"/cases/{case.number}/take/").status == 409
    case.refresh_from_db()
    assert case.mediator_id == one.pk
