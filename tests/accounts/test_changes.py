"""Changes of phone, e-mail and password: the old channel hears of it, and its button stops them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import Device, Notice, OutgoingMessage, SignInChange, User
from accounts.services import links
from accounts.services.links import not_me_token, stop_token
from accounts.services.step_up import Act
from accounts.states import Standing
from core import clock
from core.models import AuditEntry
from escrow.models import StorePayoutHold
from flows import guarding
from tests.accounts.letters import code_to, last_to, through
from tests.accounts.proofs import confirm_page, prove
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.shop import StoreFactory
from tests.stories import settle

pytestmark = pytest.mark.django_db
OLD, NEW, MAIL, MAIL2 = "+8613900139000", "+8613900139777", "lin@example.com", "thief@example.com"
FRESH = "a-new-Passw0rd-7"


@pytest.fixture
def lin(client):
    user = UserFactory(phone=OLD, email=MAIL, language="en")
    through(client, client.post("/accounts/login/", {"login": OLD, "password": PASSWORD}))
    settle()
    OutgoingMessage.objects.all().delete()
    return user


def change_phone(client, user, to=NEW):
    prove(client, user, Act("phone"))
    client.post("/accounts/phone/change/", {"phone": to})
    answer = client.post("/accounts/phone/verify/", {"code": code_to(to)})
    settle()
    return answer


def stop_path(address):
    found = re.search(r"http\S+?(/accounts/stop/\S+)", last_to(address).body)
    assert found, last_to(address).body
    return found.group(1)


def fresh(user):
    return User.objects.get(pk=user.pk)


def test_a_changed_phone_is_told_to_the_old_one_and_its_button_puts_it_back(client, lin):
    StoreFactory(owner=lin)
    change_phone(client, lin)
    assert fresh(lin).phone == NEW
    row = SignInChange.objects.get()
    assert (row.what, row.old_value, row.new_value) == ("phone", OLD, NEW) and row.ip
    assert StorePayoutHold.objects.get(in_force=True).cause == "cooling"
    path, stranger = stop_path(OLD), Client()
    assert stop_path(MAIL) and Notice.objects.filter(user=lin, kind="account.changed").count() == 1
    assert stranger.get(path).status_code == 200
    assert fresh(lin).phone == NEW and client.get("/me/").status_code == 200, "a look changes nothing"
    for _time in range(2):
        assert stranger.post(path).status_code == 200
    user = fresh(lin)
    assert (user.phone, user.phone_verified, user.standing) == (OLD, True, Standing.LIMITED)
    assert client.get("/me/").status_code == 302, "out everywhere"
    assert Device.objects.get(pk=row.device_id).revoked_reason == "not_me"
    assert AuditEntry.objects.filter(act="sign_in.change_stopped").count() == 1


def test_a_changed_mail_is_told_to_the_old_one_and_its_button_puts_it_back(client, lin):
    prove(client, lin, Act("email"))
    client.post("/accounts/email/", {"email": MAIL2, "action_add": ""})
    client.post("/accounts/confirm-email/", {"code": code_to(MAIL2)})
    settle()
    assert fresh(lin).email == MAIL2
    assert Client().post(stop_path(MAIL)).status_code == 200
    assert fresh(lin).email == MAIL
    assert list(EmailAddress.objects.filter(user=lin).values_list("email", "verified")) == [(MAIL, True)]


def test_asvs_6_3_7_a_changed_password_is_told_by_both_channels_and_the_button_locks(client, lin):
    prove(client, lin, Act("password"))
    sent = {"oldpassword": PASSWORD, "password1": FRESH, "password2": FRESH}
    assert client.post("/accounts/password/change/", sent).status_code == 302
    settle()
    assert stop_path(OLD) and Client().post(stop_path(MAIL)).status_code == 200
    assert fresh(lin).standing == Standing.LIMITED and fresh(lin).check_password(FRESH)


def test_an_old_number_that_is_somebody_elses_by_now_stays_his(client, lin):
    change_phone(client, lin)
    path = stop_path(OLD)
    other = UserFactory(phone=OLD)
    Client().post(path)
    assert fresh(lin).phone == NEW and fresh(other).phone == OLD and fresh(lin).standing == Standing.LIMITED


def test_a_sign_up_is_no_change(db):
    from accounts.adapter import AccountAdapter

    user = UserFactory(phone=None)
    AccountAdapter().set_phone_verified(user, NEW)
    assert not SignInChange.objects.exists()


@pytest.mark.parametrize("kind", ["other_purpose", "other_person", "old", "broken"])
def test_a_link_of_another_purpose_person_or_day_stops_nothing(client, lin, kind, monkeypatch):
    change_phone(client, lin)
    row = SignInChange.objects.get()
    token = {
        "other_purpose": not_me_token(user_id=lin.pk, device_id=None, about="x"),
        "other_person": stop_token(user_id=UserFactory().pk, change_id=row.pk),
        "old": stop_token(user_id=lin.pk, change_id=row.pk),
        "broken": "x:y",
    }[kind]
    if kind == "old":
        monkeypatch.setattr(links, "STOP_SECONDS", -1)
    for method in ("get", "post"):
        assert getattr(Client(), method)(f"/accounts/stop/{token}/").status_code == 410
    assert fresh(lin).phone == NEW and fresh(lin).standing == Standing.NORMAL


# --- out of “limited” -------------------------------------------------------------------------------------------------


def limit(user):
    guarding.limit_account(user_id=user.pk, reason="test", actor=guarding.SYSTEM, now=clock.now())


def test_the_owner_opens_his_limited_account_on_an_old_device_with_a_new_password(client, lin):
    store = StoreFactory(owner=lin)
    limit(lin)
    elsewhere = Client()
    through(elsewhere, elsewhere.post("/accounts/login/", {"login": OLD, "password": PASSWORD}))
    assert client.get("/me/safety/").context["safety"].may_reopen
    answer = client.post("/me/safety/reopen/", {"password1": FRESH, "password2": FRESH})
    assert answer.status_code == 403 and fresh(lin).standing == Standing.LIMITED, "it asks who is there"
    answer = confirm_page(client, answer, to=OLD)
    assert answer.status_code == 302
    user = fresh(lin)
    assert user.standing == Standing.NORMAL and user.check_password(FRESH)
    assert client.get("/me/").status_code == 200 and elsewhere.get("/me/").status_code == 302
    held = StorePayoutHold.objects.get(store_id=store.pk, in_force=True)
    assert held.cause == "cooling" and held.until > clock.now() + timedelta(hours=24)


def test_a_new_device_does_not_open_a_limited_account(client, lin):
    limit(lin)
    thief = Client()
    through(thief, thief.post("/accounts/login/", {"login": OLD, "password": PASSWORD}))
    assert not thief.get("/me/safety/").context["safety"].may_reopen
    answer = thief.post("/me/safety/reopen/", {"password1": FRESH, "password2": FRESH})
    answer = confirm_page(thief, answer, to=OLD)
    assert answer.status_code == 403
    assert fresh(lin).standing == Standing.LIMITED and fresh(lin).check_password(PASSWORD)


@pytest.mark.parametrize("sent", [
    {"password1": PASSWORD, "password2": PASSWORD}, {"password1": FRESH, "password2": "other"},
    {"password1": "12345678", "password2": "12345678"}, {},
])  # fmt: skip
def test_the_old_password_or_a_bad_one_opens_nothing(client, lin, sent):
    limit(lin)
    prove(client, lin, Act("account"))
    assert client.post("/me/safety/reopen/", sent).status_code == 400
    assert fresh(lin).standing == Standing.LIMITED


def test_an_account_that_is_frozen_is_not_opened_by_its_owner(client, lin):
    guarding.change_standing(user_id=lin.pk, to=Standing.FROZEN, actor=guarding.SYSTEM, reason="test", now=clock.now())
    client.force_login(lin)
    prove(client, lin, Act("account"))
    answer = client.post("/me/safety/reopen/", {"password1": FRESH, "password2": FRESH})
    assert answer.status_code >= 400 and fresh(lin).standing == Standing.FROZEN
