"""Signing in from an app: allauth's headless steps, with the pages' forms, limits and silence."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import OutgoingMessage, User
from escrow.queries import books
from tests.accounts.letters import code_to, last_to, wrong
from tests.api.people import ask, client_of, cny
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.shop import ProductFactory
from tests.sandbox import pay_at_bank

pytestmark = pytest.mark.django_db
PHONE, OTHER, MAIL = "+8613900139000", "+8613900139001", "lin@example.com"
GOOD = "kettle-nine-rivers"


def app(token: str | None = None) -> APIClient:
    """An app, which checks CSRF as strictly as it is checked at all and never sends a cookie."""
    client = APIClient(enforce_csrf_checks=True)
    if token:
        client.credentials(HTTP_X_SESSION_TOKEN=token)
    return client


def step(path: str, body=None, token: str | None = None, method: str = "post", device: str = ""):
    client = app(token)
    extra = {} if method == "get" else {"format": "json"}
    if device:
        extra["HTTP_X_DEVICE_TOKEN"] = device
    response = getattr(client, method)(f"/api/v1/auth/{path}/", body, **extra)
    assert response.status_code < 500
    assert not response.cookies, "an app gets no cookie"
    data = response.json() if response.content else {}
    if response.status_code >= 400:
        assert {"code", "message", "fields"} <= set(data) and data["code"] and data["message"]
    return response.status_code, data


def token_of(data) -> str:
    return data["meta"]["session_token"]


def pending(data) -> list[str]:
    return [flow["id"] for flow in data["data"]["flows"] if flow.get("is_pending")]


def signed_in(phone: str = PHONE) -> str:
    """A token by code."""
    _status, asked = step("code/request", {"phone": phone})
    status, data = step("code/confirm", {"code": code_to(phone)}, token_of(asked))
    assert status == 200, data
    return token_of(data)


@pytest.fixture(autouse=True)
def sent_mail_is_kept(settings):
    settings.EMAIL_BACKEND = "accounts.channels.sandbox.EmailBackend"


@pytest.fixture
def lin():
    return UserFactory(phone=PHONE, email=MAIL)


def test_sign_up_by_phone_and_everything_after_it():
    status, data = step("signup", {"phone": "139 0013 9000"})
    assert status == 401 and data["code"] == "not_signed_in" and pending(data) == ["verify_phone"]
    first = token_of(data)
    assert ask(app(first), "get", "/me/").status == 401, "half signed up is not signed in"

    status, data = step("phone/verify", {"code": wrong(code_to(PHONE))}, first)
    assert status == 400 and list(data["fields"]) == ["code"]
    status, data = step("phone/verify", {"code": code_to(PHONE)}, first)
    assert status == 200 and data["meta"]["is_authenticated"]
    token = token_of(data)
    assert token != first, "who may enter gets a new token"
    assert ask(app(first), "get", "/me/").status == 401

    user = User.objects.get(phone=PHONE)
    assert user.phone_verified and not user.has_usable_password()
    me = ask(app(token), "get", "/me/").data
    assert (me["id"], me["phone"], me["email"]) == (str(user.pk), PHONE, None)
    assert step("session", token=token, method="get")[1]["data"]["user"]["id"] == str(user.pk)

    assert step("session", token=token, method="delete")[0] == 204
    assert ask(app(token), "get", "/me/").status == 401
    assert step("session", token=token, method="get")[0] == 410
    assert signed_in()


def test_sign_up_by_email_and_password():
    status, data = step("signup", {"email": MAIL.upper(), "password": GOOD})
    assert status == 401 and pending(data) == ["verify_email"]
    token = token_of(data)
    assert step("email/verify", {"code": "000000"}, token)[0] in (400, 401)
    status, data = step("email/verify", {"code": code_to(MAIL)}, token)
    assert status == 200, data
    assert User.objects.get(email=MAIL).check_password(GOOD)
    assert ask(app(token_of(data)), "get", "/me/").data["email"] == MAIL
    known = data["meta"]["device_token"]
    status, data = step("login", {"email": MAIL, "password": GOOD})
    assert status == 401 and "new_device" in pending(data), "an app that does not say who it is is a new device"
    status, data = step("login", {"email": MAIL, "password": GOOD}, device=known)
    assert status == 200 and token_of(data) and data["meta"]["device_token"] != known


@pytest.mark.parametrize("body", [
    {}, {"phone": PHONE, "email": MAIL, "password": GOOD}, {"phone": "12"}, {"phone": 13900139000}, {"phone": None},
    {"phone": ["+8613900139000"]}, {"phone": {"a": 1}}, {"email": MAIL}, {"email": MAIL, "password": "short"},
    {"email": MAIL, "password": "password123"}, {"email": MAIL, "password": "x" * 5000},
    {"email": "x", "password": GOOD}, {"email": MAIL, "password": 12345678901}, {"phone": PHONE, "is_staff": True},
    {"email": "a\x00@b.de", "password": GOOD},
    {"email": "x" * 400 + "@example.com", "password": GOOD},
], ids=lambda v: ascii(v)[:50])  # fmt: skip
def test_a_sign_up_that_makes_no_sense_makes_nobody(body):
    status, data = step("signup", body)
    assert status == 400 and data["fields"]
    assert not set(data["fields"]) & {"password1", "__all__", "login"}
    assert not User.objects.exists() and not OutgoingMessage.objects.exists()


@pytest.mark.parametrize(("known", "body"), [
    (PHONE, {"phone": PHONE}), (MAIL, {"email": MAIL, "password": GOOD}),
])  # fmt: skip
def test_signing_up_again_looks_like_signing_up(lin, known, body):
    unknown = {"phone": OTHER} if "phone" in body else {"email": "new@example.com", "password": GOOD}
    taken, free = step("signup", body), step("signup", unknown)
    for answer in (taken, free):
        answer[1]["meta"].pop("session_token")
    assert taken == free
    assert not re.search(r"(?<!\d)\d{6}(?!\d)", last_to(known).body), "its owner is told, and gets no code"
    assert User.objects.filter(phone=PHONE).count() == 1


@pytest.mark.parametrize("body", [{"phone": PHONE}, {"phone": "139-0013-9000"}, {"email": MAIL}])
def test_by_code(lin, body):
    status, data = step("code/request", body)
    assert status == 401 and pending(data) == ["login_by_code"]
    token, code = token_of(data), code_to(MAIL if "email" in body else PHONE)
    assert step("code/confirm", {"code": wrong(code)}, token)[0] == 400
    status, data = step("code/confirm", {"code": f"{code[:3]} {code[3:]}"}, token)
    if "email" in body:  # a new device of somebody with a phone is not proven by a mail
        status, data = step("device", {"code": code_to(PHONE)}, token)
    assert status == 200 and ask(app(token_of(data)), "get", "/me/").data["id"] == str(lin.pk)
    assert step("code/confirm", {"code": code}, token)[0] in (409, 410), "a code opens once"


def test_a_code_is_of_its_own_attempt(lin):
    mine = token_of(step("code/request", {"phone": PHONE})[1])
    other = UserFactory(phone=OTHER)
    strangers = token_of(step("code/request", {"phone": OTHER})[1])
    assert step("code/confirm", {"code": code_to(PHONE)}, strangers)[0] == 400
    assert step("code/confirm", {"code": code_to(PHONE)})[0] == 409
    assert step("code/confirm", {"code": code_to(PHONE)}, mine)[0] == 200
    assert other.last_login is None


def test_a_few_wrong_codes_end_the_attempt(lin):
    token = token_of(step("code/request", {"phone": PHONE})[1])
    code = code_to(PHONE)
    answers = [step("code/confirm", {"code": wrong(code)}, token)[0] for _ in range(6)]
    assert 409 in answers or 410 in answers
    assert step("code/confirm", {"code": code}, token)[0] in (409, 410)


def test_whether_there_is_an_account_is_not_said(lin):
    known, unknown = step("code/request", {"phone": PHONE}), step("code/request", {"phone": OTHER})
    for answer in (known, unknown):
        answer[1]["meta"].pop("session_token")
    assert known == unknown
    wrong_word, nobody = (step("login", {"phone": number, "password": "not-the-word"}) for number in (PHONE, OTHER))
    assert wrong_word == nobody and wrong_word[0] == 400
    assert step("password/request", {"email": MAIL})[0] == step("password/request", {"email": "no@example.com"})[0]


def test_by_password(lin):
    for body in ({"phone": "139 0013 9000"}, {"email": MAIL}):
        status, data = step("login", {**body, "password": PASSWORD})
        assert status == 401 and "new_device" in pending(data)
        assert step("device", {"code": wrong(code_to(PHONE))}, token_of(data))[0] == 400
        status, data = step("device", {"code": code_to(PHONE)}, token_of(data))
        assert status == 200 and ask(app(token_of(data)), "get", "/me/").status == 200
    assert step("login", {"email": MAIL, "password": f" {PASSWORD}"})[0] == 400, "as typed"


def test_guessing_passwords_is_stopped_for_the_account_wherever_it_comes_from(lin):
    statuses = []
    for turn in range(12):
        client = APIClient(REMOTE_ADDR=f"192.0.2.{turn}")
        answer = client.post("/api/v1/auth/login/", {"phone": PHONE, "password": f"guess-{turn}"}, format="json")
        statuses.append(answer.status_code)
    assert statuses[0] == 400 and statuses[-1] == 429
    assert answer.json()["code"] == "too_many" and int(answer.headers["Retry-After"]) > 0
    assert step("login", {"phone": PHONE, "password": PASSWORD})[0] == 429, "the right one too, meanwhile"


def test_codes_for_one_number_are_few_wherever_they_are_asked_from(lin):
    answers = [
        APIClient(REMOTE_ADDR=f"192.0.2.{turn}").post("/api/v1/auth/code/request/", {"phone": PHONE}, format="json")
        for turn in range(5)
    ]
    assert [answer.status_code for answer in answers][-1] == 429
    assert OutgoingMessage.objects.filter(to=PHONE).count() == 3


def test_a_new_password_ends_the_sessions_of_the_old(lin):
    token = signed_in()
    assert ask(app(token), "get", "/me/").status == 200
    asked = token_of(step("password/request", {"email": MAIL})[1])
    assert step("password/reset", {"code": "000000", "password": GOOD}, asked)[0] == 400
    assert step("password/reset", {"code": code_to(MAIL), "password": "12345678"}, asked)[0] == 400
    status, data = step("password/reset", {"code": code_to(MAIL), "password": GOOD}, asked)
    assert status == 204, data
    assert ask(app(token), "get", "/me/").status == 401
    assert "new_device" in pending(step("login", {"email": MAIL, "password": GOOD})[1]), "and the new one is right"


def test_a_closed_account_is_out_at_once(lin):
    token = signed_in()
    User.objects.update(is_active=False)
    assert ask(app(token), "get", "/me/").status == 401
    status, data = step("login", {"phone": PHONE, "password": PASSWORD})
    assert status >= 400 and not data.get("meta", {}).get("is_authenticated")


def test_a_token_ends(lin):
    token = signed_in()
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert ask(app(token), "get", "/me/").status == 401


@pytest.mark.parametrize("token", ["x", "", "0" * 32, "a" * 5000, "Ā" * 3, "'; drop table", "../../etc"])
def test_what_is_no_token_opens_nothing(lin, token):
    answer = ask(app(), "get", "/me/", x_session_token=token)
    assert (answer.status, answer.data["code"]) == (401, "authentication_failed")
    assert app().get("/api/v1/auth/session/", HTTP_X_SESSION_TOKEN=token).status_code in (401, 410)


def test_a_token_that_is_over_does_not_fall_through_to_the_cookie(lin):
    browser = client_of(lin)
    assert ask(browser, "get", "/me/").status == 200
    assert ask(browser, "get", "/me/", x_session_token="0" * 32).status == 401


def test_a_cookie_does_not_sign_an_app_in(lin):
    browser = client_of(lin)
    assert browser.get("/api/v1/auth/session/").status_code == 401


def test_a_person_in_an_app_is_a_person_and_no_system(lin):
    token = signed_in()
    assert ask(app(token), "get", "/merchant/orders/").status == 404
    store = ProductFactory(store__owner=lin).store
    assert ask(app(token), "get", "/merchant/balance/").data["held"] == cny(0)
    assert store.owner_id == lin.pk


def test_buying_from_an_app_that_signed_up_a_moment_ago():
    product = ProductFactory()
    begun = token_of(step("signup", {"phone": PHONE})[1])
    buyer = app(token_of(step("phone/verify", {"code": code_to(PHONE)}, begun)[1]))

    province = next(row for row in ask(app(), "get", "/regions/").data if row["code"].startswith("33"))
    city = ask(app(), "get", f"/regions/?under={province['code']}").data[0]
    district = ask(app(), "get", f"/regions/?under={city['code']}").data[0]
    address = ask(buyer, "post", "/me/addresses/", {
        "name": "林", "phone": "139 0013 9000", "district_code": district["code"], "street": "文三路 1 号",
    })  # fmt: skip
    assert address.status == 201 and address.data["is_default"] and address.data["phone"] == PHONE
    assert [row["id"] for row in ask(buyer, "get", "/me/addresses/").data] == [address.data["id"]]

    variant = ask(app(), "get", f"/products/{product.pk}/").data["variants"][0]["id"]
    cart = ask(buyer, "post", "/cart/lines/", {"variant": variant, "quantity": 1}).data
    body = {"address": address.data["id"], "total": cart["total"]}
    bought = ask(buyer, "post", "/checkout/", body, idempotency_key="app-1")
    assert bought.status == 201
    again = ask(buyer, "post", "/checkout/", body, idempotency_key="app-1")
    assert again.data == bought.data and again.headers["Idempotent-Replay"] == "true"
    pay_at_bank(bought.data["payment"]["id"])
    number = bought.data["orders"][0]["number"]
    assert ask(buyer, "get", f"/orders/{number}/money/").data["hold"]["status"] == "held"
    assert ask(client_of(UserFactory()), "get", f"/orders/{number}/").status == 404
    assert books().balanced


def test_only_the_app_and_only_these_addresses():
    for name in ("headless:browser:account:login", "headless:app:account:login", "headless:app:account:manage_email"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    assert not any("_allauth" in str(pattern.pattern) for pattern in get_resolver().url_patterns)


@pytest.mark.parametrize(("method", "path", "status"), [
    ("get", "login", 405), ("put", "login", 405), ("delete", "login", 405), ("post", "session", 405),
    ("post", "nothing", 404), ("get", "code/confirm", 405),
])  # fmt: skip
def test_other_verbs_and_steps_are_refused_in_the_house_shape(method, path, status):
    answer = getattr(app(), method)(f"/api/v1/auth/{path}/")
    assert answer.status_code == status and set(answer.json()) == {"code", "message", "fields"}


@pytest.mark.parametrize("body", ["", "{", "[]", "7", "null", "[" * 100_000, b"\xff\xfe"], ids=lambda v: repr(v)[:12])
def test_what_is_no_json_is_refused(body):
    for path in ("login", "signup", "code/request", "password/request"):
        answer = app().generic("POST", f"/api/v1/auth/{path}/", body, content_type="application/json")
        assert answer.status_code == 400 and {"code", "message", "fields"} <= set(answer.json())


def test_words_are_in_the_readers_language(lin):
    answer = app().post(
        "/api/v1/auth/login/", {"phone": PHONE, "password": "x"}, format="json", HTTP_ACCEPT_LANGUAGE="zh-hans"
    )
    assert any("\u4e00" <= letter <= "\u9fff" for letter in answer.json()["fields"]["password"])
