"""What a limited, frozen or closed account can no longer do, by whatever door."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import ApiToken, Device, MemberSession, SignInChange, User
from accounts.places import Seen
from accounts.services import devices, tokens
from accounts.services.devices import Recognition
from accounts.services.standing import AccountFrozen, AccountLimited
from accounts.states import Standing
from core import clock
from core.actor import Actor
from tests.accounts.letters import through
from tests.accounts.proofs import prove
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.shop import StoreFactory

pytestmark = pytest.mark.django_db
PHONE, MAIL = "+8613900139000", "lin@example.com"


@pytest.fixture
def lin():
    return UserFactory(phone=PHONE, email=MAIL, language="en", last_login=clock.now())


def stand(user, state):
    User.objects.filter(pk=user.pk).update(standing=state)


def sign_in(client):
    return through(client, client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD}))


@pytest.mark.parametrize("path", ["phone/change", "email", "password/change"])
def test_a_limited_account_is_shown_no_form_that_changes_how_it_signs_in(client, lin, path):
    client.force_login(lin)
    stand(lin, Standing.LIMITED)
    answer = client.get(f"/accounts/{path}/", HTTP_ACCEPT_LANGUAGE="en")
    if answer.status_code == 404:
        pytest.fail(path)
    assert answer.status_code == 403 and b"limited" in answer.content


def test_a_proof_from_before_changes_no_password_of_a_limited_account(client, lin):
    from accounts.services.step_up import Act

    client.force_login(lin)
    prove(client, lin, Act("password"))
    stand(lin, Standing.LIMITED)
    sent = {"oldpassword": PASSWORD, "password1": "a-new-Passw0rd-7", "password2": "a-new-Passw0rd-7"}
    assert client.post("/accounts/password/change/", sent).status_code == 403
    assert User.objects.get(pk=lin.pk).check_password(PASSWORD)


def test_asvs_8_3_1_services_refuse_what_a_limited_account_may_not(lin):
    stand(lin, Standing.LIMITED)
    store, me, now = StoreFactory(owner=lin), Actor(user_id=lin.pk), clock.now()
    with pytest.raises(AccountLimited):
        devices.set_lock(user_id=lin.pk, is_on=False, actor=me)
    with pytest.raises(AccountLimited):
        tokens.make_token(
            role="manager", user_id=lin.pk, store_id=store.pk, name="x", expires_at=None, actor=me, now=now
        )
    assert not ApiToken.objects.exists()


def test_a_limited_account_trusts_no_new_device(lin):
    now, seen = clock.now(), Seen(ip="114.114.114.114", user_agent="x")
    stand(lin, Standing.LIMITED)
    row, cookie = devices.remember(
        user_id=lin.pk, known=Recognition(), cookie="", seen=seen, verified_by="sms", now=now
    )
    assert devices.recognise(user_id=lin.pk, cookie=cookie, now=now + timedelta(seconds=1)).device is None
    assert Device.objects.get(pk=row.pk).trusted_until == now


def test_a_frozen_account_signs_in_to_the_safety_pages_alone(client, lin):
    stand(lin, Standing.FROZEN)
    sign_in(client)
    assert client.session.get("_auth_user_id") == str(lin.pk)
    for path in ("/", "/me/", "/cart/", "/orders/", "/me/devices/", "/merchant/", "/accounts/email/"):
        answer = client.get(path)
        assert answer.status_code == 302 and answer.url == "/me/safety/", path
    assert client.get("/me/safety/").status_code == 200
    assert client.post("/me/devices/lock/", {"on": "1"}).status_code == 403
    assert client.get("/api/v1/me/").json()["code"] == "account_frozen"
    assert client.post("/accounts/logout/").status_code == 302


def test_a_frozen_account_does_nothing_by_a_token_or_an_app(client, lin):
    store, now = StoreFactory(owner=lin), clock.now()
    _row, secret = tokens.make_token(
        role="manager",
        user_id=lin.pk,
        store_id=store.pk,
        name="x",
        expires_at=None,
        actor=Actor(user_id=lin.pk),
        now=now,
    )
    ask = {"HTTP_AUTHORIZATION": f"Token {secret}"}
    assert Client().get("/api/v1/merchant/orders/", **ask).status_code == 200
    client.force_login(lin)
    app = {"HTTP_X_SESSION_TOKEN": client.session.session_key}
    assert Client().get("/api/v1/me/", **app).status_code == 200
    stand(lin, Standing.FROZEN)
    for answer in (Client().get("/api/v1/merchant/orders/", **ask), Client().get("/api/v1/me/", **app)):
        assert answer.status_code == 403 and answer.json()["code"] == "account_frozen"


def test_a_closed_account_does_not_sign_in(client, lin):
    stand(lin, Standing.CLOSED)
    User.objects.update(is_active=False)
    sign_in(client)
    assert client.session.get("_auth_user_id") is None
    assert not MemberSession.objects.exists()


def test_a_frozen_accounts_password_is_not_reset(lin, rf):
    from accounts.adapter import AccountAdapter

    stand(lin, Standing.FROZEN)
    with pytest.raises(AccountFrozen):
        AccountAdapter().set_password(lin, "a-new-Passw0rd-7")
    stand(lin, Standing.LIMITED)
    AccountAdapter().set_password(lin, "a-new-Passw0rd-7")
    assert SignInChange.objects.get().what == "password"
