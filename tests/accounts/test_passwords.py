"""Which passwords are taken and which are refused (ASVS 6.2), and the reminder that forces nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import identify_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.passwords import BREACHED, known
from accounts.queries.people import password_is_old
from accounts.services import standing
from accounts.states import Standing
from core import clock
from core.actor import SYSTEM, Actor
from tests.accounts.letters import code_to, through
from tests.accounts.proofs import prove
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.shop import StoreFactory
from tests.stories import settle

pytestmark = pytest.mark.django_db
PHONE, MAIL = "+8613900139000", "linqiaoyun@example.com"
CHANGE = "/accounts/password/change/"
GOOD = "seven quiet herons"


@pytest.fixture
def lin():
    return UserFactory(phone=PHONE, email=MAIL, name="Qiaoyun 林巧云", language="en")


def taken(password, user=None):
    try:
        validate_password(password, user)
    except ValidationError:
        return False
    return True


def change(client, user, new, old=PASSWORD, again=None):
    from accounts.services.step_up import Act

    client.force_login(user)
    prove(client, user, Act("password"))
    sent = {"oldpassword": old, "password1": new, "password2": again or new}
    return client.post(CHANGE, sent)


@pytest.mark.parametrize(("password", "is_taken"), [("heron7q", False), ("heron7qx", True)])
def test_asvs_6_2_1_eight_characters_at_least_and_the_page_advises_fifteen(client, lin, password, is_taken):
    assert taken(password, lin) == is_taken
    assert "15" in client.get("/accounts/signup/?by=email", HTTP_ACCEPT_LANGUAGE="en").content.decode()


def test_asvs_6_2_2_and_6_2_3_a_member_changes_it_with_the_old_one(client, lin):
    change(client, lin, GOOD, old="not it")
    lin.refresh_from_db()
    assert lin.check_password(PASSWORD)
    assert change(client, lin, GOOD).status_code == 302
    lin.refresh_from_db()
    assert lin.check_password(GOOD)


@pytest.mark.parametrize("password", [
    "password1", "Password1", "PASSWORD1", "iloveyou", "1234567890", "qwertyuiop", "woaini1314", "password123!",
    "Football2026", "!!monkey99",
])  # fmt: skip
def test_asvs_6_2_4_common_words_are_refused_also_with_a_few_digits_around(password):
    assert not taken(password)


@pytest.mark.parametrize(
    "password",
    [
        "aaaaqzqzqz",
        "quietheron",
        "QUIETHERON",
        "73920461850",
        "苹果树下的猫和狗",
        "!!!!!!?!?!?!#",
    ],
)
def test_asvs_6_2_5_no_kind_of_letters_is_asked_for(password):
    assert taken(password)


def test_asvs_6_2_6_and_6_2_7_fields_hide_it_and_let_managers_and_pasting_in(client, lin):
    page = client.get("/accounts/login/").content.decode()
    field = page[page.index('name="password"') - 40 :][:400]
    assert 'type="password"' in field and 'autocomplete="current-password"' in field
    page = client.get("/accounts/signup/?by=email").content.decode()
    assert 'autocomplete="new-password"' in page and "onpaste" not in page


@pytest.mark.parametrize(
    "password", [" seven quiet herons ", "Ｈｅｒｏｎ全角字母", "Herons 🐦🐦🐦 fly", "SEVEN quiet HERONS"]
)
def test_asvs_6_2_8_it_is_kept_as_it_was_typed(client, lin, password):
    assert change(client, lin, password).status_code == 302
    lin.refresh_from_db()
    assert lin.check_password(password)
    assert not lin.check_password(password.strip().lower())
    client.logout()
    through(client, client.post("/accounts/login/", {"login": PHONE, "password": password}))
    assert client.session.get("_auth_user_id") == str(lin.pk)


@pytest.mark.parametrize("length", [64, 128, 256])
def test_asvs_6_2_9_long_ones_are_taken_whole(client, lin, length):
    long = ("seven quiet herons over the lake " * 8)[: length - 1] + "x"
    assert change(client, lin, long).status_code == 302
    lin.refresh_from_db()
    assert lin.check_password(long) and not lin.check_password(long[:-1])


def test_a_megabyte_is_refused_before_it_is_hashed(client, lin):
    assert change(client, lin, "x1" * 400).status_code in (200, 400)
    lin.refresh_from_db()
    assert lin.check_password(PASSWORD)


def test_asvs_6_2_10_nobody_is_made_to_change_it(client, lin):
    User.objects.update(password_changed_at=clock.now() - timedelta(days=5 * 365))
    through(client, client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD}))
    assert client.session.get("_auth_user_id") == str(lin.pk), "five years old, and it opens"
    settle()
    assert lin.notices.filter(kind="account.password_old").count() == 1
    page = client.get("/me/")
    assert page.status_code == 200 and page.context["password_is_old"], "advised"
    assert client.get("/me/security/").status_code == client.get("/cart/").status_code == 200, "and no more than that"
    client.post("/me/security/password/later/")
    assert not client.get("/me/").context["password_is_old"], "who says no is left in peace"
    lin.refresh_from_db()
    assert password_is_old(lin, now=clock.now() + timedelta(days=366))


def test_the_reminder_comes_once_for_one_password(client, lin):
    User.objects.update(password_changed_at=clock.now() - timedelta(days=400))
    for _login in range(3):
        client.post("/accounts/logout/")
        through(client, client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD}))
    settle()
    assert lin.notices.filter(kind="account.password_old").count() == 1


def test_after_an_incident_a_new_password_is_advised_at_once_and_having_one_ends_it(client, lin):
    assert not password_is_old(lin, now=clock.now())
    standing.change(user_id=lin.pk, to=Standing.LIMITED, actor=SYSTEM, reason="not me", now=clock.now())
    lin.refresh_from_db()
    assert password_is_old(lin, now=clock.now())
    standing.change(user_id=lin.pk, to=Standing.NORMAL, actor=Actor(user_id=lin.pk), reason="back", now=clock.now())
    change(client, lin, GOOD)
    lin.refresh_from_db()
    assert lin.password_changed_at is not None and not password_is_old(lin, now=clock.now())


def test_who_has_no_password_is_not_told_to_change_it(settings):
    user = UserFactory(password=None)
    assert not password_is_old(user, now=clock.now() + timedelta(days=4000))
    settings.PASSWORD_REMIND_DAYS = 0
    assert not password_is_old(UserFactory(), now=clock.now() + timedelta(days=4000))


@pytest.mark.parametrize("password", [
    "my13900139000x", "+8613900139000", "linqiaoyun-88x", "LinQiaoYun@example.com", "qiaoyun forever",
    "林巧云的小秘密", "tashi forever", "heron00139000",
])  # fmt: skip
def test_asvs_6_1_2_and_6_2_11_own_words_and_the_sites_are_refused(lin, password):
    assert not taken(password, lin)


def test_asvs_6_2_11_the_name_of_ones_store_is_refused_to_its_owner_alone():
    store = StoreFactory(name="云雾茶庄", name_en="Hillside Tea", slug="hillside-tea")
    assert not taken("hillside on sunday", store.owner) and not taken("云雾茶庄的老板", store.owner)
    assert taken("hillside on sunday", UserFactory())


def test_asvs_6_2_11_the_page_says_why(client, lin):
    type(lin).objects.update(language="en")
    client.cookies["django_language"] = "en"
    page = change(client, lin, "my13900139000x")
    assert "phone number" in page.content.decode()
    lin.refresh_from_db()
    assert lin.check_password(PASSWORD)


def test_asvs_6_2_12_breached_passwords_are_refused_without_asking_anybody():
    assert BREACHED.stat().st_size < 64 * 1024
    assert len([word for word in known() if len(word) >= 8]) > 16_000
    for password in ("1passwor", "zzzzzzzz", "19891989", "abcd1234"):
        assert not taken(password), password


def test_asvs_6_2_4_also_at_sign_up_and_after_a_reset(client, lin):
    page = client.post("/accounts/signup/?by=email", {"email": "new@example.com", "password1": "password1"})
    assert page.status_code in (200, 400) and not User.objects.filter(email="new@example.com").exists()
    client.post("/accounts/password/reset/", {"email": MAIL})
    client.post("/accounts/password/reset/confirm/", {"code": code_to(MAIL)})
    weak = {"password1": "iloveyou1", "password2": "iloveyou1"}
    client.post("/accounts/password/reset/complete/", weak)
    lin.refresh_from_db()
    assert lin.check_password(PASSWORD)


def test_asvs_11_4_2_argon2id_and_an_old_hash_is_renewed_without_looking_like_a_new_password(lin, settings):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.Argon2PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]  # fmt: skip
    long_ago = clock.now() - timedelta(days=400)
    User.objects.filter(pk=lin.pk).update(password=make_password(GOOD, hasher="pbkdf2_sha256"),
                                          password_changed_at=long_ago)  # fmt: skip
    user = User.objects.get(pk=lin.pk)
    assert user.check_password(GOOD)
    user = User.objects.get(pk=lin.pk)
    assert user.password.startswith("argon2$argon2id$") and identify_hasher(user.password).algorithm == "argon2"
    assert user.password_changed_at == long_ago
