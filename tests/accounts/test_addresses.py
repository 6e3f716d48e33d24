"""The address book: writing, correcting, pasting, choosing, deleting, and what strangers see of it."""

from __future__ import annotations

import uuid

import pytest

from accounts.models import Address
from accounts.services import addresses as services
from core.errors import Invalid, NotFound
from tests.factories.accounts import AddressFactory, UserFactory

pytestmark = pytest.mark.django_db
GOOD = {"name": "张三", "phone": "138 0013 8000", "district_code": "330106", "street": "文三路 100 号 3-201"}


@pytest.fixture
def lin(client):
    user = UserFactory()
    client.force_login(user)
    return user


def test_a_new_address_takes_its_names_from_the_table(client, lin):
    answer = client.post("/me/addresses/new/", {**GOOD, "province": "11", "city": "1101", "postcode": "310012"})
    assert answer.url == "/me/addresses/"
    address = Address.objects.get(user=lin)
    assert (address.province, address.city, address.district) == ("浙江省", "杭州市", "西湖区")
    assert (address.phone, address.postcode, address.is_default) == ("+8613800138000", "310012", True)


def test_a_city_that_only_counts_is_left_out(client, lin):
    client.post("/me/addresses/new/", {**GOOD, "district_code": "110105"})
    address = Address.objects.get()
    assert (address.province, address.city, address.district) == ("北京市", "", "朝阳区")


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "a" * 41},
        {"name": "a\nb"},
        {"name": "\x00"},
        {"phone": "12"},
        {"phone": "not a phone"},
        {"phone": "8" * 4000},
        {"district_code": ""},
        {"district_code": "33"},
        {"district_code": "3301"},
        {"district_code": "999999"},
        {"district_code": "３３０１０６"},
        {"district_code": "330106' OR 1=1"},
        {"street": ""},
        {"street": "路" * 121},
        {"postcode": "1" * 11},
        {"postcode": "<b>"},
    ],
)
def test_bad_input_is_refused_in_words_and_keeps_what_was_typed(client, lin, change):
    answer = client.post("/me/addresses/new/", {**GOOD, **change})
    page = answer.content.decode()
    assert answer.status_code == 400 and 'role="alert"' in page
    assert not Address.objects.exists()
    if "street" not in change:
        assert "文三路 100 号 3-201" in page


def test_unicode_is_kept_as_written(client, lin):
    client.post("/me/addresses/new/", {**GOOD, "name": "Zoë 😀 <b>", "street": "愛巷 №7 “甲”"})
    address = Address.objects.get()
    assert (address.name, address.street) == ("Zoë 😀 <b>", "愛巷 №7 “甲”")
    assert "Zoë 😀 &lt;b&gt;" in client.get("/me/addresses/").content.decode()


def test_step_by_step_without_javascript(client, lin):
    first = client.post("/me/addresses/new/", {**GOOD, "district_code": "", "province": "33", "step": "region"})
    page = first.content.decode()
    assert first.status_code == 200 and '<option value="3301">杭州市</option>' in page
    assert "文三路 100 号 3-201" in page and 'role="alert"' not in page
    second = client.post("/me/addresses/new/", {**GOOD, "province": "33", "city": "3301", "step": "region"})
    assert '<option value="330106" selected>西湖区</option>' in second.content.decode()
    assert not Address.objects.exists()


def test_the_lists_follow_each_other(client, lin):
    page = client.get("/me/regions/", {"province": "33", "city": "4401", "district_code": "330106"}).content.decode()
    assert '<option value="3301">杭州市</option>' in page and "西湖区" not in page
    assert "<html" not in page
    beijing = client.get("/me/regions/", {"province": "11"}).content.decode()
    assert "朝阳区" in beijing, "a province with one city leads straight to its districts"
    assert client.get("/me/regions/", {"province": "x" * 5000, "city": "\x00"}).status_code == 200


def test_a_pasted_text_fills_the_form_and_saves_nothing(client, lin):
    text = "李四 13912345678 浙江省杭州市西湖区文三路 100 号 3-201"
    page = client.post("/me/addresses/parse/", {"text": text}).content.decode()
    assert 'value="李四"' in page and 'value="13912345678"' in page
    assert '<option value="330106" selected>' in page and "文三路" in page
    assert not Address.objects.exists()


@pytest.mark.parametrize("text", ["", "hello", "\x00\x01", "字" * 15_000, "x" * 50_000])
def test_a_text_without_an_address_is_answered_in_words(client, lin, text):
    answer = client.post("/me/addresses/parse/", {"text": text})
    assert answer.status_code in (200, 400)
    assert not Address.objects.exists()


def test_pasting_into_a_known_address_keeps_the_rest(client, lin):
    address = AddressFactory(user=lin, name="王五")
    answer = client.post("/me/addresses/parse/", {"text": "13912345678 ", "address": str(address.pk)})
    page = answer.content.decode()
    assert 'value="王五"' in page and f"/me/addresses/{address.pk}/" in page


def test_editing(client, lin):
    address = AddressFactory(user=lin, is_default=True)
    page = client.get(f"/me/addresses/{address.pk}/").content.decode()
    assert 'value="138 0013 8000"' in page and '<option value="330106" selected>' in page
    client.post(f"/me/addresses/{address.pk}/", {**GOOD, "name": "李四"})
    address.refresh_from_db()
    assert address.name == "李四" and address.is_default, "the first address stays the default one"


def test_there_is_one_default(client, lin):
    first, second = AddressFactory(user=lin, is_default=True), AddressFactory(user=lin)
    client.post(f"/me/addresses/{second.pk}/default/")
    assert list(Address.objects.filter(is_default=True)) == [second]
    client.post(f"/me/addresses/{first.pk}/", {**GOOD, "is_default": "on"})
    assert list(Address.objects.filter(is_default=True)) == [first]


def test_deleting_can_be_undone_and_hands_the_default_on(client, lin):
    first, second = AddressFactory(user=lin, is_default=True, name="甲"), AddressFactory(user=lin, name="乙")
    answer = client.post(f"/me/addresses/{first.pk}/delete/", follow=True)
    assert "/me/addresses/restore/" in answer.content.decode()
    assert Address.objects.get() == second and Address.objects.get().is_default
    client.post("/me/addresses/restore/")
    assert {row.name for row in Address.objects.all()} == {"甲", "乙"}
    client.post("/me/addresses/restore/")
    assert Address.objects.count() == 2


def test_after_saving_the_way_back_leads_to_checkout_and_never_elsewhere(client, lin):
    assert client.post("/me/addresses/new/", {**GOOD, "next": "/cart/"}).url == "/cart/"
    assert client.post("/me/addresses/new/", {**GOOD, "next": "https://evil.example/"}).url == "/me/addresses/"
    assert client.post("/me/addresses/new/", {**GOOD, "next": "//evil.example/"}).url == "/me/addresses/"


@pytest.mark.parametrize("act", ["", "delete/", "default/"])
def test_a_strangers_address_does_not_exist(client, lin, act):
    theirs = AddressFactory(is_default=False)
    for address_id in (theirs.pk, uuid.uuid4()):
        assert client.post(f"/me/addresses/{address_id}/{act}", GOOD).status_code == 404
    assert client.get(f"/me/addresses/{theirs.pk}/").status_code == 404
    assert client.post("/me/addresses/parse/", {"text": "x", "address": str(theirs.pk)}).status_code == 404
    theirs.refresh_from_db()
    assert (theirs.name, theirs.is_default) == ("张三", False)
    assert str(theirs.pk) not in client.get("/me/addresses/").content.decode()


def test_services_refuse_what_forms_would_have_caught():
    user = UserFactory()
    fields = {"name": "a", "phone": "+8613800138000", "street": "b"}
    with pytest.raises(Invalid):
        services.save_address(user_id=user.pk, address_id=None, district_code="999999", **fields)
    with pytest.raises(NotFound):
        services.save_address(user_id=user.pk, address_id=AddressFactory().pk, district_code="330106", **fields)


def test_fifty_are_enough(client, lin):
    AddressFactory.create_batch(50, user=lin)
    answer = client.post("/me/addresses/new/", GOOD, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_addresses")
    assert Address.objects.count() == 50
