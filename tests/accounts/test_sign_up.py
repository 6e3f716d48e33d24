"""Signing up by phone and code, by e-mail and password, and what must not be possible on the way."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.utils import translation

from accounts.models import OutgoingMessage, User
from tests.accounts.letters import code_to, last_to, wrong
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
PHONE, MAIL = "+8613900139000", "new@example.com"


def sign_up(client, **fields):
    return client.post("/accounts/signup/" + ("?by=email" if "email" in fields else ""), fields)


def who(client):
    return client.session.get("_auth_user_id")


def test_by_phone_and_code_without_a_password(client):
    answer = sign_up(client, phone="139 0013 9000")
    assert answer.url == "/accounts/phone/verify/"
    assert who(client) is None

    answer = client.post("/accounts/phone/verify/", {"code": code_to(PHONE)})
    user = User.objects.get(phone=PHONE)
    assert answer.url == "/"
    assert who(client) == str(user.pk)
    assert user.phone_verified and user.email is None and not user.has_usable_password()
    assert "139****9000" in client.get("/me/").content.decode()


def test_by_email_and_password_with_a_code(client):
    answer = sign_up(client, email="New@Example.com", password1="a-quiet-river-9")
    assert answer.url == "/accounts/confirm-email/"
    assert who(client) is None

    client.post("/accounts/confirm-email/", {"code": code_to(MAIL)})
    user = User.objects.get(email=MAIL)
    assert who(client) == str(user.pk)
    assert user.phone is None and user.check_password("a-quiet-river-9")
    assert EmailAddress.objects.get(user=user).verified


def test_codes_have_six_digits_and_the_page_helps_to_type_them(client):
    sign_up(client, phone=PHONE)
    page = client.get("/accounts/phone/verify/").content.decode()
    assert len(code_to(PHONE)) == 6
    assert 'autocomplete="one-time-code"' in page and 'inputmode="numeric"' in page
    assert "/sandbox/outbox/?to=%2B8613900139000" in page


def test_a_wrong_code_lets_nobody_in_and_three_end_it(client):
    sign_up(client, phone=PHONE)
    code = code_to(PHONE)
    for _time in range(3):
        client.post("/accounts/phone/verify/", {"code": wrong(code)})
    client.post("/accounts/phone/verify/", {"code": code})
    assert who(client) is None
    assert not User.objects.get(phone=PHONE).phone_verified


def test_a_code_can_be_sent_again(client):
    sign_up(client, phone=PHONE)
    client.post("/accounts/phone/verify/", {"action": "resend"})
    assert OutgoingMessage.objects.filter(to=PHONE).count() == 2
    client.post("/accounts/phone/verify/", {"code": code_to(PHONE)})
    assert who(client)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"phone": ""},
        {"phone": "12345"},
        {"phone": "1380013800x"},
        {"phone": "9" * 5000},
        {"phone": "\u202e+86138"},
        {"email": MAIL},
        {"email": "no-address", "password1": "a-quiet-river-9"},
        {"email": MAIL, "password1": "123"},
        {"email": MAIL, "password1": "password"},
        {"email": MAIL, "password1": "x9" * 100_000},
        {"email": f"{'a' * 300}@example.com", "password1": "a-quiet-river-9"},
    ],
)
def test_what_cannot_be_an_account_is_refused_in_words(client, fields):
    answer = sign_up(client, **fields)
    assert answer.status_code == 200
    assert 'class="form-errors"' in answer.content.decode()
    assert not User.objects.exists() and not OutgoingMessage.objects.exists()


def test_a_known_phone_is_not_betrayed(client):
    member = UserFactory(phone=PHONE)
    answer = sign_up(client, phone=PHONE)
    assert answer.url == "/accounts/phone/verify/"
    assert "has an account already" in last_to(PHONE).body or "已" in last_to(PHONE).body
    assert client.post("/accounts/phone/verify/", {"code": "000000"}).status_code == 200
    assert client.post("/accounts/phone/verify/", {"code": ""}).status_code == 200
    assert who(client) is None
    assert User.objects.get() == member


def test_a_known_email_is_not_betrayed(client):
    UserFactory(email=MAIL)
    answer = sign_up(client, email=MAIL, password1="a-quiet-river-9")
    assert answer.url == "/accounts/confirm-email/"
    assert "/accounts/password/reset/" in last_to(MAIL).body
    assert User.objects.count() == 1


def test_an_unproven_sign_up_does_not_keep_the_owner_out(client, django_user_model):
    sign_up(client, phone=PHONE)
    claim = User.objects.get(phone=PHONE)
    client.cookies.clear()

    sign_up(client, phone=PHONE)
    client.post("/accounts/phone/verify/", {"code": code_to(PHONE)})
    owner = User.objects.get(phone=PHONE)
    assert owner.pk != claim.pk and who(client) == str(owner.pk)


def test_a_password_chosen_by_somebody_else_opens_nothing(client):
    """Somebody begins a sign-up with your address and his password; your own sign-up starts from nothing."""
    sign_up(client, email=MAIL, password1="the-thief-s-word-1")
    client.cookies.clear()

    client.post("/accounts/login/code/", {"login": MAIL})
    assert client.post("/accounts/login/code/confirm/", {"code": "000000"}).status_code == 200
    assert "/accounts/signup/" in last_to(MAIL).body
    client.cookies.clear()

    sign_up(client, email=MAIL, password1="my-own-word-2")
    client.post("/accounts/confirm-email/", {"code": code_to(MAIL)})
    assert User.objects.get().check_password("my-own-word-2")


def test_staff_made_by_a_command_are_never_taken_for_unproven(client):
    admin = User.objects.create_superuser(email=MAIL, password="a-quiet-river-9")
    sign_up(client, email=MAIL, password1="another-river-9")
    assert User.objects.get() == admin


def test_new_members_read_in_the_language_of_the_page(client):
    client.cookies["django_language"] = "en"
    sign_up(client, phone=PHONE)
    assert User.objects.get().language == "en"
    assert "is your code" in last_to(PHONE).body


def test_outside_a_sandbox_codes_are_kept_nowhere(client, settings):
    settings.SANDBOX = False
    sign_up(client, phone=PHONE)
    assert OutgoingMessage.objects.get(to=PHONE).body == ""
    with translation.override("en"):
        assert "outbox" not in client.get("/accounts/phone/verify/").content.decode()
