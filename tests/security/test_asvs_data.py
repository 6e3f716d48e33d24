"""V14: what is private stays out of addresses and shared caches, goes to nobody, and is forgotten in time."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db.models import Field
from django.test import Client

from core.doors import all_doors
from tests.accounts.letters import code_to
from tests.factories.accounts import PASSWORD, UserFactory
from tests.walk.test_every_url import doors_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PAGE = (Path(settings.BASE_DIR) / "docs" / "security.md").read_text(encoding="utf-8")
# A name in an address that would carry something secret. Links in letters carry a signed, short-lived `token`.
SECRET = re.compile(r"pass(word|wd)?|secret|session|code(?!s\b)|phone|e?mail|card|otp|pin|licence_number|id_number")


def test_asvs_14_2_1_no_address_has_a_place_for_a_secret():
    """Names of groups and converters in every route."""
    named = {
        (door.path, name)
        for door in all_doors()
        for name in re.findall(r"<(?:\w+:)?(\w+)>", door.path)
        if SECRET.fullmatch(name)
    }
    assert not named


def test_asvs_14_2_1_no_form_sends_a_secret_in_an_address(scene):
    """Each page of the way in and of the account: a form that goes by GET has no field whose value is secret."""
    paths = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/login/code/"]
    own = [
        "/me/",
        "/me/security/",
        "/me/devices/",
        "/accounts/phone/change/",
        "/me/confirm/phone/",
        "/me/addresses/new/",
    ]
    seen = 0
    for person, pages in (("anonymous", paths), ("buyer", own), ("merchant", ["/merchant/settings/account/"])):
        for path in pages:
            text = scene.client(person).get(path, follow=True).content.decode()
            for form in re.findall(r"<form\b(.*?)</form>", text, re.DOTALL):
                seen += 1
                fields = re.findall(r'name="([^"]+)"', form)
                is_get = 'method="post"' not in form.lower()
                assert not (is_get and [name for name in fields if SECRET.search(name)]), (path, fields)
    assert seen > 15


def test_asvs_14_2_1_where_a_sign_in_leads_nothing_of_it_stands_in_the_address(client):
    user = UserFactory(phone="+8613900139000", email="lin@example.com")
    answers = [
        client.post("/accounts/login/", {"login": user.phone, "password": "Zq9-planted-word"}),
        client.post("/accounts/login/code/", {"login": user.phone}),
        client.get("/accounts/login/code/confirm/"),
    ]
    answers.append(client.post("/accounts/login/code/confirm/", {"code": code_to(user.phone)}))
    answers.append(Client().post("/accounts/password/reset/", {"email": user.email}))
    answers.append(Client().post("/accounts/login/", {"login": user.phone, "password": PASSWORD}))
    for answer in answers:
        place = answer.headers.get("Location", "")
        assert not any(word in place for word in ("139", "lin", "planted", PASSWORD, code_to(user.phone))), place
    assert [answer.status_code for answer in answers].count(302) >= 4


def test_asvs_14_2_2_what_is_cached_for_all_is_nobodys_own(scene, settings):
    """After a buyer has walked through the site the shared cache holds no name, number or address of his."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "walked"}}
    for door in doors_of(scene):
        if door.guard in ("public", "member"):
            scene.client("buyer").get(door.path)
    cache.set("probe", scene.buyer.email)
    rows = {key: value.decode("utf-8", "ignore") for key, value in cache._cache.items()}  # pickled, as it lies there
    assert scene.buyer.email in rows.pop(":1:probe"), "the search below looks where the cache is"
    for private in (scene.buyer.email, scene.buyer.phone, scene.buyer.name, scene.order.number):
        assert private not in str(rows)


def test_asvs_14_2_3_no_page_asks_another_host_for_anything(scene):
    """Scripts, styles, pictures, fonts, frames, prefetches and forms come from here and lead here."""
    asks = re.compile(r"<(?:script|img|iframe|source|video|audio|embed|form|link)\b[^>]*?(?:src|href|action)=\"(.*?)\"")
    elsewhere, seen = set(), 0
    for door in doors_of(scene):
        if door.guard in ("public", "member") and not door.path.startswith("/api/"):
            answer = scene.client("buyer").get(door.path)
            if not answer.streaming and "html" in answer.headers.get("Content-Type", ""):
                found = asks.findall(answer.content.decode())
                seen += len(found)
                elsewhere |= {(door.route, url) for url in found if re.match(r"(?:\w+:)?//", url)}
                assert answer.headers["Referrer-Policy"] == "same-origin", door.route
    ours = {(route, url) for route, url in elsewhere if url.startswith((settings.SITE_URL, "http://testserver"))}
    assert seen > 200 and not elsewhere - ours


def test_asvs_14_2_4_each_sealed_column_is_named_in_the_table_of_classes():
    from django.apps import apps

    from core.sealed import FileKeyField, SealedField

    columns = {
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, SealedField | FileKeyField)
    }
    listed = set(re.findall(r"^- `([\w.]+)` \(", PAGE, re.MULTILINE))
    assert columns == listed and len(columns) > 5


def test_asvs_14_2_4_no_column_that_should_be_sealed_lies_readable():
    """By their names: what the documents call secret or sealed is a sealed field, a digest, or a masked end."""
    from django.apps import apps

    suspect = re.compile(r"secret|licence_number|id_number|pickup_code|account_number|private_key|^number$|card")
    allowed = re.compile(r"(_hash|_index|_masked|last4|digest)$")
    # Numbers of our own, and of parcels, which stand on them for everybody to read.
    known = {"shop.Order.number", "disputes.Case.number", "logistics.Shipment.number", "logistics.SandboxParcel.number"}
    plain = {
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model.__module__.split(".")[0] in ("accounts", "shop", "escrow", "logistics", "disputes", "core")
        for field in model._meta.get_fields()
        if isinstance(field, Field)
        and not field.is_relation
        and field.get_internal_type() in ("CharField", "TextField")
        if suspect.search(field.name) and not allowed.search(field.name)
    }
    assert plain == known
