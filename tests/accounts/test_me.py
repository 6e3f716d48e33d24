"""A member's own page, the language, and changing what one signs in with."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.services.step_up import Act
from tests.accounts.letters import code_to, last_to
from tests.accounts.proofs import prove
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
NEW_PHONE, NEW_MAIL = "+8613900139009", "newer@example.com"
SECURITY = "/me/security/"


@pytest.fixture
def lin(client):
    user = UserFactory(language="en")
    client.force_login(user)
    return user


@pytest.mark.parametrize("url", ["/me/", "/me/inbox/", "/me/addresses/", "/me/addresses/new/", "/me/regions/"])
def test_strangers_are_sent_to_sign_in_and_back(client, url):
    answer = client.get(url)
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/?next=")


def test_name_and_language(client, lin):
    answer = client.post("/me/", {"name": "林晓", "language": "zh-hans"})
    lin.refresh_from_db()
    assert (answer.url, lin.name, lin.language) == ("/me/", "林晓", "zh-hans")
    assert answer.cookies["django_language"].value == "zh-hans"


@pytest.mark.parametrize(
    "fields",
    [{"name": "a" * 61, "language": "en"}, {"name": "a\nb", "language": "en"}, {"name": "a", "language": "xx"}],
)
def test_bad_profiles_change_nothing(client, lin, fields):
    answer = client.post("/me/", fields)
    assert answer.status_code == 400 and 'role="alert"' in answer.content.decode()
    assert User.objects.get(pk=lin.pk).name == lin.name


def test_the_language_switch_is_remembered_by_the_account(client, lin):
    client.post("/language/", {"language": "zh-hans", "next": "/"})
    assert User.objects.get(pk=lin.pk).language == "zh-hans"
    client.post("/language/", {"language": "xx", "next": "/"})
    client.get("/language/?language=en")
    assert User.objects.get(pk=lin.pk).language == "zh-hans"


def test_changing_the_phone_asks_who_is_there_before_its_form_is_shown(client, lin):
    answer = client.get("/accounts/phone/change/")
    assert answer.url == "/me/confirm/phone/?next=%2Faccounts%2Fphone%2Fchange%2F"
    answer = client.post("/accounts/phone/change/", {"phone": NEW_PHONE})
    assert answer.url.startswith("/me/confirm/phone/")
    assert NEW_PHONE not in str(dict(client.session)), "what was typed is not parked in the session"


def test_changing_the_phone(client, lin):
    prove(client, lin, Act("phone"))
    assert client.get("/accounts/phone/change/").status_code == 200
    assert client.post("/accounts/phone/change/", {"phone": "139 0013 9009"}).url == "/accounts/phone/verify/"
    assert User.objects.get(pk=lin.pk).phone == lin.phone, "not before it is proven"
    assert client.post("/accounts/phone/verify/", {"code": code_to(NEW_PHONE)}).url == SECURITY
    assert User.objects.get(pk=lin.pk).phone == NEW_PHONE


def test_the_phone_of_another_cannot_be_had(client, lin):
    UserFactory(phone=NEW_PHONE)
    prove(client, lin, Act("phone"))
    client.post("/accounts/phone/change/", {"phone": NEW_PHONE})
    client.post("/accounts/phone/verify/", {"code": code_to(NEW_PHONE)})
    assert User.objects.get(pk=lin.pk).phone == lin.phone


def test_changing_the_email_tells_the_old_address(client, lin):
    prove(client, lin, Act("email"))
    assert client.get("/accounts/email/").status_code == 200
    answer = client.post("/accounts/email/", {"email": NEW_MAIL, "action_add": ""}, follow=True)
    assert answer.status_code == 200
    assert client.post("/accounts/confirm-email/", {"code": code_to(NEW_MAIL)}).url == SECURITY
    assert User.objects.get(pk=lin.pk).email == NEW_MAIL
    assert NEW_MAIL in last_to(lin.email).body


def test_changing_the_password(client, lin):
    fields = {"oldpassword": PASSWORD, "password1": "a-new-river-9", "password2": "a-new-river-9"}
    prove(client, lin, Act("password"))
    assert client.post("/accounts/password/change/", fields).url == SECURITY, "not to who is there once more"
    assert User.objects.get(pk=lin.pk).check_password("a-new-river-9")
    assert client.get("/me/").status_code == 200
    assert "changed" in last_to(lin.email).subject


def test_a_member_without_password_can_set_one(client):
    user = UserFactory(password=None)
    client.force_login(user)
    prove(client, user, Act("password"))
    assert client.get("/accounts/password/set/").status_code == 200
    answer = client.post("/accounts/password/set/", {"password1": "a-new-river-9", "password2": "a-new-river-9"})
    assert answer.url == SECURITY, "not to who is there once more"
    assert User.objects.get(pk=user.pk).check_password("a-new-river-9")
