"""Signing in by code and by password, staying signed in, and the limits on guessing."""

from __future__ import annotations

import pytest
from allauth.account.adapter import DefaultAccountAdapter
from django.test import Client

from accounts.models import OutgoingMessage
from tests.accounts.letters import code_to, last_to, through, wrong
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
PHONE, OTHER_PHONE, MAIL = "+8613900139000", "+8613900139001", "lin@example.com"


@pytest.fixture
def lin():
    return UserFactory(phone=PHONE, email=MAIL)


def who(client):
    return client.session.get("_auth_user_id")


def by_password(client, login, password=PASSWORD, **more):
    return through(client, client.post("/accounts/login/", {"login": login, "password": password, **more}))


@pytest.mark.parametrize("login", [PHONE, "13900139000", "139-0013-9000", " 139 0013 9000 ", MAIL, "LIN@example.com"])
def test_by_phone_or_email_and_password(client, lin, login):
    assert by_password(client, login).url == "/"
    assert who(client) == str(lin.pk)


@pytest.mark.parametrize("login", [PHONE, MAIL, "+8613900139999", "no@example.com", "nonsense", "\u202e", "x" * 5000])
def test_a_wrong_password_and_an_unknown_name_look_the_same(client, lin, login):
    page = by_password(client, login, "not-the-word").content.decode()
    assert who(client) is None
    assert 'role="alert"' in page


@pytest.mark.parametrize(("login", "where"), [("139 0013 9000", PHONE), (MAIL, MAIL)])
def test_by_code(client, lin, login, where):
    assert client.post("/accounts/login/code/", {"login": login}).url == "/accounts/login/code/confirm/"
    code = code_to(where)
    client.post("/accounts/login/code/confirm/", {"code": wrong(code)})
    assert who(client) is None
    through(client, client.post("/accounts/login/code/confirm/", {"code": f" {code[:3]} {code[3:]} "}))
    assert who(client) == str(lin.pk)


def test_a_member_with_a_phone_alone_gets_in(client):
    user = UserFactory(phone=PHONE, email=None)
    client.post("/accounts/login/code/", {"login": PHONE})
    client.post("/accounts/login/code/confirm/", {"code": code_to(PHONE)})
    assert who(client) == str(user.pk)


def test_a_member_with_an_email_alone_gets_in(client):
    user = UserFactory(phone=None, email=MAIL)
    by_password(client, MAIL)
    assert who(client) == str(user.pk)


def test_a_code_for_nobody_looks_the_same_and_opens_nothing(client):
    assert client.post("/accounts/login/code/", {"login": PHONE}).url == "/accounts/login/code/confirm/"
    assert client.get("/accounts/login/code/confirm/").status_code == 200
    assert client.post("/accounts/login/code/confirm/", {"code": "123456"}).status_code == 200
    assert client.post("/accounts/login/code/confirm/", {"action": "resend"}).status_code == 200
    assert who(client) is None


@pytest.mark.parametrize("login", ["", "nonsense", "@", "+", "١٣٩", "a" * 10_000])
def test_a_code_for_what_is_neither_phone_nor_email_is_refused(client, login):
    answer = client.post("/accounts/login/code/", {"login": login})
    assert answer.status_code == 200 and 'role="alert"' in answer.content.decode()
    assert not OutgoingMessage.objects.exists()


def test_three_wrong_codes_end_the_attempt(client, lin):
    client.post("/accounts/login/code/", {"login": PHONE})
    code = code_to(PHONE)
    for _time in range(3):
        client.post("/accounts/login/code/confirm/", {"code": wrong(code)})
    client.post("/accounts/login/code/confirm/", {"code": code})
    assert who(client) is None


@pytest.mark.parametrize(("ticked", "ends_with_browser"), [(True, False), (False, True)])
def test_remember_me_by_password(client, lin, ticked, ends_with_browser):
    answer = by_password(client, PHONE, **({"remember": "on"} if ticked else {}))
    assert client.session.get_expire_at_browser_close() is ends_with_browser
    assert bool(answer.cookies["session"]["max-age"]) is not ends_with_browser


@pytest.mark.parametrize(("ticked", "ends_with_browser"), [(True, False), (False, True)])
def test_remember_me_by_code(client, lin, ticked, ends_with_browser):
    client.post("/accounts/login/code/", {"login": PHONE, **({"remember": "on"} if ticked else {})})
    client.post("/accounts/login/code/confirm/", {"code": code_to(PHONE)})
    assert who(client)
    assert client.session.get_expire_at_browser_close() is ends_with_browser


def test_guessing_at_one_phone_locks_out_nobody_else(client, lin, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": None}
    other = UserFactory(phone=OTHER_PHONE)
    for _time in range(6):
        by_password(client, PHONE, "guess")
    by_password(client, "139 0013 9000")
    assert who(client) is None, "this phone is locked for a while, however it is written"

    elsewhere = Client(REMOTE_ADDR="10.0.0.9")
    by_password(elsewhere, OTHER_PHONE)
    assert who(elsewhere) == str(other.pk)


def test_contract_allauth_still_asks_us_for_the_bucket():
    assert hasattr(DefaultAccountAdapter, "_get_login_attempts_cache_key")
    assert DefaultAccountAdapter()._has_phone_impl is False


def test_too_many_code_requests_are_refused(client, lin):
    for _time in range(3):
        Client().post("/accounts/login/code/", {"login": PHONE})
    answer = client.post("/accounts/login/code/", {"login": PHONE})
    assert answer.status_code == 200 and 'role="alert"' in answer.content.decode()
    assert OutgoingMessage.objects.filter(to=PHONE).count() == 3


def test_after_signing_in_the_way_back_is_kept_and_never_leads_elsewhere(client, lin):
    assert by_password(client, PHONE, next="/me/").url == "/me/"
    client.logout()
    assert by_password(client, PHONE, next="https://evil.example/").url == "/"


def test_a_closed_account_stays_closed(client, lin):
    type(lin).objects.update(is_active=False)
    assert by_password(client, PHONE).url == "/accounts/inactive/"
    assert client.get("/accounts/inactive/").status_code == 200
    client.post("/accounts/login/code/", {"login": PHONE})
    assert who(client) is None


def test_the_page_turns_to_the_language_of_the_member(client, lin):
    type(lin).objects.update(language="en")
    assert by_password(client, PHONE).cookies["django_language"].value == "en"


def test_signing_out_takes_a_post(client, lin):
    client.force_login(lin)
    assert client.get("/accounts/logout/").status_code == 200
    assert who(client)
    client.post("/accounts/logout/")
    assert who(client) is None


def test_a_new_password_by_code(client, lin):
    assert client.post("/accounts/password/reset/", {"email": MAIL}).url == "/accounts/password/reset/confirm/"
    answer = client.post("/accounts/password/reset/confirm/", {"code": code_to(MAIL)})
    assert answer.url == "/accounts/password/reset/complete/"
    assert client.get(answer.url).status_code == 200
    answer = client.post(answer.url, {"password1": "a-new-river-9", "password2": "a-new-river-9"}, follow=True)
    assert answer.status_code == 200
    by_password(client, PHONE, "a-new-river-9")
    assert who(client) == str(lin.pk)


def test_a_new_password_for_nobody_looks_the_same(client):
    assert client.post("/accounts/password/reset/", {"email": MAIL}).url == "/accounts/password/reset/confirm/"
    assert client.get("/accounts/password/reset/confirm/").status_code == 200
    assert "/accounts/signup/" in last_to(MAIL).body
