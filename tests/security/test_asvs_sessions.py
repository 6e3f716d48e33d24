"""V7: a session is the server's, new at each sign-in, and over when its member, staff or the clock says so."""

from __future__ import annotations

import math

import pytest
from django.conf import settings
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import ApiToken, Device, MemberSession, User
from accounts.services import standing, tokens
from accounts.services.step_up import Act
from accounts.sessions import SessionStore
from accounts.states import Standing
from core import clock
from core.actor import SYSTEM, Actor
from tests.accounts.letters import code_to, through
from tests.accounts.proofs import prove
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.shop import StoreFactory

pytestmark = pytest.mark.django_db
PHONE, MAIL = "+8613900139000", "lin@example.com"
NEW = "a-new-river-of-9"


@pytest.fixture(autouse=True)
def mails_arrive(settings):
    settings.EMAIL_BACKEND = "accounts.channels.sandbox.EmailBackend"


@pytest.fixture
def lin():
    return UserFactory(phone=PHONE, email=MAIL)


def enter(client: Client) -> str:
    """Sign in by a code; the key of the session."""
    client.post("/accounts/login/code/", {"login": PHONE})
    client.post("/accounts/login/code/confirm/", {"code": code_to(PHONE)})
    assert is_in(client)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def is_in(client: Client) -> bool:
    return client.get("/me/").status_code == 200


def with_key(key: str) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    return client


def test_asvs_7_2_1_only_what_the_server_knows_is_a_session(client, lin):
    key = enter(client)
    assert is_in(with_key(key))
    for made_up in ("", key[:-1], f"{key}0", key.swapcase(), "0" * 32, str(lin.pk), f'{{"_auth_user_id": "{lin.pk}"}}'):
        assert not is_in(with_key(made_up)), made_up
    Session.objects.filter(session_key=key).delete()
    assert not is_in(client), "nothing in the cookie itself says who somebody is"


def test_asvs_7_2_1_a_key_that_was_planted_is_never_taken_over(lin):
    client = with_key("a" * 32)
    assert enter(client) != "a" * 32
    assert not is_in(with_key("a" * 32))


def test_asvs_7_2_2_each_sign_in_has_a_key_of_its_own(lin):
    keys = {enter(Client()) for _time in range(3)}
    assert len(keys) == 3


def test_asvs_7_2_2_a_key_for_systems_is_random_and_over_the_moment_it_is_revoked(lin):
    store, now, made = StoreFactory(owner=lin), clock.now(), []
    for name in ("one", "two"):
        row, secret = tokens.make_token(
            user_id=lin.pk, store_id=store.pk, name=name, role="manager", expires_at=None, actor=Actor(user_id=lin.pk),
            now=now,
        )  # fmt: skip
        assert secret not in str(ApiToken.objects.filter(pk=row.pk).values())
        made.append(secret)
    ask = {"HTTP_AUTHORIZATION": f"Token {made[0]}"}
    assert made[0] != made[1] and Client().get("/api/v1/merchant/orders/", **ask).status_code == 200
    tokens.revoke_tokens(store_id=store.pk, name="one", actor=SYSTEM, now=now)
    assert Client().get("/api/v1/merchant/orders/", **ask).status_code == 401


def test_asvs_7_2_3_a_key_has_more_than_128_random_bits():
    keys = [SessionStore()._get_new_session_key() for _time in range(200)]
    assert len(set(keys)) == 200
    assert min(map(len, keys)) * math.log2(len(VALID_KEY_CHARS)) >= 128
    assert set("".join(keys)) == set(VALID_KEY_CHARS), "every letter of the alphabet is used"


@pytest.mark.parametrize("way", ["code", "password"])
def test_asvs_7_2_4_the_key_before_a_sign_in_is_worth_nothing_after_it(client, lin, way):
    client.post("/accounts/qr/")  # a visitor who has a session already
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    if way == "code":
        enter(client)
    else:
        through(client, client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD}))
    assert is_in(client) and client.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert not is_in(with_key(before)) and not Session.objects.filter(session_key=before).exists()


def test_asvs_7_4_1_signing_out_ends_it_on_the_server(client, lin):
    key = enter(client)
    client.post("/accounts/logout/")
    assert not is_in(with_key(key)) and not Session.objects.filter(session_key=key).exists()
    assert MemberSession.objects.get().end_reason == "logout"


@pytest.mark.parametrize("to", [Standing.FROZEN, Standing.CLOSED])
def test_asvs_7_4_2_freezing_and_closing_end_every_session(lin, to):
    clients = [Client(), Client()]
    keys = [enter(client) for client in clients]
    standing.change(user_id=lin.pk, to=to, actor=SYSTEM, reason="stolen", now=clock.now())
    assert not Session.objects.filter(session_key__in=keys).exists()
    assert not any("_auth_user_id" in client.session for client in clients)
    assert set(MemberSession.objects.values_list("end_reason", flat=True)) == {str(to)}


@pytest.mark.parametrize("to", [Standing.FROZEN, Standing.CLOSED])
def test_asvs_7_4_2_a_sign_in_that_was_under_way_opens_nothing_more(client, lin, to):
    """Seen red for a closed account before the last stage looked again: a session and a trusted device were made."""
    assert client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD}).url == "/accounts/device/"
    code = code_to(PHONE)
    standing.change(user_id=lin.pk, to=to, actor=SYSTEM, reason="stolen", now=clock.now())
    client.post("/accounts/device/", {"code": code})
    assert not is_in(client)
    if to == Standing.CLOSED:
        assert "_auth_user_id" not in client.session and not Device.objects.exists()


def test_asvs_7_4_3_a_new_password_by_mail_ends_every_session(client, lin):
    enter(client)
    other = Client()
    other.post("/accounts/password/reset/", {"email": MAIL})
    page = other.post("/accounts/password/reset/confirm/", {"code": code_to(MAIL)}).url
    assert other.post(page, {"password1": NEW, "password2": NEW}).status_code == 302
    assert User.objects.get(pk=lin.pk).check_password(NEW) and not is_in(client)


def test_asvs_7_4_3_changing_the_password_ends_the_others_and_keeps_this_one(client, lin):
    enter(client)
    other = Client()
    enter(other)
    prove(client, lin, Act("password"))
    sent = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post("/accounts/password/change/", sent).status_code == 302
    assert is_in(client) and not is_in(other)


@pytest.mark.parametrize("path", ["/", "/me/", "/me/devices/", "/orders/", "/cart/", "/merchant/", "/console/"])
def test_asvs_7_4_4_the_way_out_is_on_every_page(client, path):
    owner = UserFactory(is_mediator=path == "/console/")
    if path == "/merchant/":
        StoreFactory(owner=owner)
    client.force_login(owner)
    page = client.get(path)
    assert page.status_code == 200 and 'action="/accounts/logout/"' in page.content.decode()


# What a thief with an open session would change: door, what he sends, what asks who is there.
SENSITIVE = {
    "/accounts/phone/change/": ({"phone": "+8613900139009"}, "phone"),
    "/accounts/email/": ({"email": "thief@example.com", "action_add": ""}, "email"),
    "/accounts/password/change/": ({"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}, "password"),
    "/me/security/app/": ({"code": "000000"}, "factor"),
    "/me/security/app/remove/": ({}, "factor"),
    "/me/security/recovery/": ({}, "factor"),
    "/me/security/passkeys/add/": ({}, "factor"),
    "/me/devices/lock/": ({"on": "0"}, "device_lock"),
    "/merchant/settings/account/": (
        {"bank": "Bank of Hangzhou", "holder": "Hillside Tea", "number": "6222020200001234567"}, "payout_account",
    ),
}  # fmt: skip


@pytest.mark.parametrize("path", SENSITIVE)
def test_asvs_7_5_1_an_open_session_changes_neither_sign_in_nor_bank_account(client, lin, path):
    sent, purpose = SENSITIVE[path]
    store = StoreFactory(owner=lin)
    client.force_login(lin)
    User.objects.update(device_lock=True)
    before = everything(lin, store)
    answer = client.post(path, sent)
    page = answer.content.decode()
    asks = answer.status_code in (403, 404) or f"/me/confirm/{purpose}/" in getattr(answer, "url", "")
    assert asks, (answer.status_code, getattr(answer, "url", ""), page[:500])
    assert everything(lin, store) == before


def everything(user: User, store: object) -> list[object]:
    from allauth.account.models import EmailAddress
    from allauth.mfa.models import Authenticator
    from allauth.socialaccount.models import SocialAccount

    from accounts.models import RecoveryCode, TotpSecret
    from escrow.models import PayoutAccount

    row = User.objects.filter(pk=user.pk).values("phone", "email", "password", "device_lock")
    models = (EmailAddress, Authenticator, SocialAccount, RecoveryCode, TotpSecret, PayoutAccount)
    return [list(row), *(list(model._default_manager.values_list("pk", flat=True)) for model in models)]
