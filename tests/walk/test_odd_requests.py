"""Requests that no browser sends: each is answered in words with the right status, never with a crash."""

from __future__ import annotations

import io

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.models import Address
from tests import stories
from tests.factories.accounts import AddressFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("path", ["/", "/search/", "/api/v1/products/", "/healthz"])
def test_a_foreign_host_with_a_session_cookie_is_refused(visitor, path):
    visitor.cookies["sessionid"] = "x"
    visitor.cookies[settings.SESSION_COOKIE_NAME] = "x"
    assert visitor.get(path, headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("referer", ["x", "?", "%", "..", "healthz", "//evil.example/", "https://evil.example/"])
def test_a_refusal_goes_back_to_whole_addresses_of_ours_alone(visitor, referer):
    order = stories.placed_order()
    visitor.force_login(order.buyer)
    path = reverse("shop:order-extend", args=[order.number])
    answer = visitor.post(path, headers={"referer": referer})
    assert answer.status_code == 409
    own = visitor.post(path, headers={"referer": "http://testserver/orders/?tab=all"})
    assert (own.status_code, own["Location"]) == (302, "http://testserver/orders/?tab=all")


@pytest.mark.parametrize("wanted", ["x", "checkout", "healthz", "..", "//evil.example"])
def test_an_address_is_saved_once_wherever_one_wants_to_go_then(visitor, wanted):
    address = AddressFactory(user=UserFactory())
    visitor.force_login(address.user)
    fields = ("name", "phone", "province", "city", "district", "detail")
    body = {name: str(getattr(address, name, "")) for name in fields}
    form = visitor.get(reverse("accounts:address-edit", args=[address.pk]))
    body |= {name: field.value() or "" for name, field in ((f.name, f) for f in form.context["form"])}
    answer = visitor.post(reverse("accounts:address-edit", args=[address.pk]), {**body, "next": wanted})
    assert (answer.status_code, answer["Location"]) == (302, reverse("accounts:addresses"))
    assert Address.objects.filter(user=address.user).count() == 1


@pytest.mark.parametrize("charset", ["hex", "base64", "idna", "undefined", "utf-16"])
@pytest.mark.parametrize("path", ["/language/", "/cart/add/", "/api/v1/cart/lines/"])
def test_a_body_in_another_alphabet_is_refused(visitor, path, charset):
    body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    answer = visitor.generic("POST", path, body, content_type=kind)
    assert answer.status_code == 415
    assert not path.startswith("/api/") or answer.json()["code"] == "charset"


def test_a_picture_with_a_name_longer_than_any_file_is_not_there(visitor):
    assert visitor.get("/media/products/" + "a" * 300).status_code == 404


def test_machines_are_refused_in_json_even_by_the_parser(visitor, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5
    order = stories.delivered_order()
    case = stories.open_case(order)
    visitor.force_login(order.buyer)
    answer = visitor.post(f"/api/v1/cases/{case.number}/evidence/", {f"f{n}": "x" for n in range(9)})
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/json"
    assert set(answer.json()) == {"code", "message", "fields"}


@pytest.mark.parametrize("name", ["shop:checkout", "merchant:shipping"])
def test_a_look_at_the_head_is_a_look(visitor, name):
    order = stories.placed_order()
    visitor.force_login(order.store.owner)
    assert visitor.head(reverse(name)).status_code == visitor.get(reverse(name)).status_code


def test_what_comes_by_key_is_kept_by_nobody(visitor):
    answer = visitor.get("/api/v1/me/", headers={"x-session-token": "x"})
    assert "no-store" in answer["Cache-Control"]


def test_a_claim_with_one_bad_picture_leaves_no_picture_behind(visitor, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    order = stories.delivered_order()
    visitor.force_login(order.buyer)
    out = io.BytesIO()
    Image.new("RGB", (30, 30)).save(out, "PNG")
    good, bad = io.BytesIO(out.getvalue()), io.BytesIO(b"not a picture")
    good.name, bad.name = "a.png", "b.png"
    body = {
        "ground": "not_as_described",
        "want": "refund",
        "text": "It is not what was promised.",
        "photos": [good, bad],
    }
    answer = visitor.post(reverse("disputes:case-new", args=[order.number]), body)
    assert answer.status_code == 400
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
