"""Passkeys: bound to site, session and question; a whole sign-in alone, a second factor, a proof before an act."""

from __future__ import annotations

import json

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import Device, LoginEvent, RecoveryCode, User
from accounts.passkeys import are_possible
from accounts.services.step_up import Act
from accounts.states import Standing
from tests.accounts.key import Key
from tests.accounts.proofs import prove
from tests.factories.accounts import PASSWORD, UserFactory
from tests.stories import settle

pytestmark = pytest.mark.django_db
PHONE, MAIL = "+8613900139000", "lin@example.com"
ADD, LOGIN, CHECK = "/me/security/passkeys/add/", "/accounts/passkey/", "/accounts/2fa/authenticate/"


@pytest.fixture(autouse=True)
def at_a_name(settings):
    settings.SITE_URL = "http://localhost"


@pytest.fixture
def lin():
    return UserFactory(phone=PHONE, email=MAIL, language="en")


def who(client):
    return client.session.get("_auth_user_id")


def add(client, user, key, **sent):
    client.force_login(user)
    prove(client, user, Act("factor", target="passkey"))
    page = client.get(ADD)
    return client.post(ADD, {"name": "my phone", "credential": key.make(page.context["options"]), **sent})


@pytest.fixture
def key(lin):
    made = Key()
    assert add(Client(), lin, made).status_code == 200
    return made


def test_adding_one_asks_who_is_there_and_gives_recovery_codes_once(client, lin):
    client.force_login(lin)
    assert client.get(ADD).url.startswith("/me/confirm/factor/")
    page = add(client, lin, Key())
    assert len(page.context["codes"]) == 10 and Authenticator.objects.get(user=lin).data["name"] == "my phone"
    assert client.get(ADD).url.startswith("/me/confirm/factor/"), "the proof is spent"
    assert add(client, lin, Key()).url == "/me/security/", "the codes are there already"
    settle()
    assert lin.notices.filter(kind="account.factor").count() == 2


def test_a_passkey_is_a_whole_sign_in_and_proves_the_device(client, lin, key):
    page = client.get(LOGIN)
    assert page.context["options"]["publicKey"]["userVerification"] == "required"
    assert client.post(LOGIN, {"credential": key.answer(page.context["options"]), "next": "/me/"}).url == "/me/"
    assert who(client) == str(lin.pk) and Device.objects.filter(user=lin, verified_by="passkey").exists()
    assert LoginEvent.objects.filter(outcome="in", method="passkey").exists()


def test_it_is_a_second_factor_after_the_password(client, lin, key):
    assert client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD}).url == CHECK
    page = client.get(CHECK)
    client.post(CHECK, {"credential": key.answer(page.context["options"])})
    assert who(client) == str(lin.pk)


def test_it_confirms_an_act(client, lin, key):
    client.force_login(lin)
    page = client.post("/me/confirm/phone/")
    assert page.context["way"].name == "passkey"
    sent = {"step_up": page.context["challenge"].pk, "step_up_credential": key.answer(page.context["options"])}
    assert client.post("/me/confirm/phone/?next=/me/", sent).url == "/me/"
    again = client.post("/me/confirm/email/", sent)
    assert again.status_code in (400, 403), "of another act"


def test_an_answer_counts_once(client, lin, key):
    said = key.answer(client.get(LOGIN).context["options"])
    client.post(LOGIN, {"credential": said})
    client.post("/accounts/logout/")
    assert client.post(LOGIN, {"credential": said}).status_code == 400 and who(client) is None


def test_an_answer_is_of_its_own_session_and_purpose(client, lin, key):
    said = key.answer(client.get(LOGIN).context["options"])
    other = Client()
    other.get(LOGIN)
    assert other.post(LOGIN, {"credential": said}).status_code == 400
    client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})
    assert client.post(CHECK, {"credential": said}).status_code == 400 and who(client) is None


@pytest.mark.parametrize("change", [
    {"origin": "https://evil.example"}, {"origin": "http://localhost:81"}, {"site": "evil.example"},
    {"is_verified": False}, {"private": Key().private}, {"id": b"unknown"},
], ids=lambda change: next(iter(change)))  # fmt: skip
def test_another_site_key_or_an_unproven_finger_opens_nothing(client, lin, key, change):
    for name, value in change.items():
        setattr(key, name, value)
    options = client.get(LOGIN).context["options"]
    assert client.post(LOGIN, {"credential": key.answer(options)}).status_code == 400 and who(client) is None


def test_nobody_signs_in_as_another_with_his_own(client, lin, key):
    other = UserFactory()
    options = client.get(LOGIN).context["options"]
    assert client.post(LOGIN, {"credential": key.answer(options, handle=other.pk.bytes)}).status_code == 400
    client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})
    strange = Key()
    add(Client(), other, strange)
    said = strange.answer(client.get(CHECK).context["options"])
    assert client.post(CHECK, {"credential": said}).status_code == 400 and who(client) is None


@pytest.mark.parametrize("said", ["", "x", "[]", "{}", "null", json.dumps({"id": 1}), "x" * 30_000, '{"response": {}}'])
def test_garbage_is_refused_in_words(client, lin, key, said):
    client.get(LOGIN)
    assert client.post(LOGIN, {"credential": said}).status_code == 400
    client.force_login(lin)
    prove(client, lin, Act("factor", target="passkey"))
    client.get(ADD)
    assert client.post(ADD, {"credential": said}).status_code == 400
    client.logout()
    client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})
    client.get(CHECK)
    assert client.post(CHECK, {"credential": said or "-"}).status_code == 400


def test_an_account_that_is_closed_is_not_opened(client, lin, key):
    User.objects.filter(pk=lin.pk).update(is_active=False)
    options = client.get(LOGIN).context["options"]
    assert client.post(LOGIN, {"credential": key.answer(options)}).status_code == 400 and who(client) is None


def test_it_is_named_and_removed_by_its_owner_alone(client, lin, key):
    row = Authenticator.objects.get(user=lin)
    stranger = Client()
    person = UserFactory()
    stranger.force_login(person)
    prove(stranger, person, Act("factor", target=f"passkey:{row.pk}"))
    for act in ("name", "remove"):
        assert stranger.post(f"/me/security/passkeys/{row.pk}/{act}/", {"name": "x"}).status_code == 404
    client.force_login(lin)
    client.post(f"/me/security/passkeys/{row.pk}/name/", {"name": "old phone"})
    assert "old phone" in client.get("/me/security/").content.decode()
    assert client.post(f"/me/security/passkeys/{row.pk}/remove/").status_code == 403
    prove(client, lin, Act("factor", target=f"passkey:{row.pk}"))
    assert client.post(f"/me/security/passkeys/{row.pk}/remove/").url == "/me/security/"
    assert not Authenticator.objects.exists() and not RecoveryCode.objects.exists()


def test_a_limited_account_adds_none(client, lin):
    User.objects.filter(pk=lin.pk).update(standing=Standing.LIMITED)
    client.force_login(lin)
    prove(client, lin, Act("factor", target="passkey"))
    assert client.get(ADD).status_code == 403 and client.post(ADD, {"name": "x", "credential": "{}"}).status_code == 403
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize(("url", "is_so"), [
    ("http://127.0.0.1:8000", False), ("http://[::1]:8000", False), ("http://shop.example", False),
    ("https://shop.example", True), ("http://localhost:8000", True),
])  # fmt: skip
def test_they_are_offered_where_a_browser_can_make_them(client, lin, settings, url, is_so):
    settings.SITE_URL = url
    assert are_possible() == is_so
    assert ("/accounts/passkey/" in client.get("/accounts/login/").content.decode()) == is_so
    assert client.get(LOGIN).status_code == (200 if is_so else 404)
    client.force_login(lin)
    assert ("passkeys/add" in client.get("/me/security/").content.decode()) == is_so
