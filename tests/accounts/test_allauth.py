"""
What we lean on in allauth without being promised it (a contract test each), and the eleven of its defaults that must
not survive here: what each was, and that it is none of ours.
"""

from __future__ import annotations

import ast
import inspect
from datetime import timedelta
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.stagekit import stash_login
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.adapter import AccountAdapter
from accounts.models import Challenge, TotpSecret, User
from accounts.services import factors
from core import clock
from tests.accounts.letters import code_to, through
from tests.accounts.test_factors import code_of, with_app
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
ROOT = Path(settings.BASE_DIR)
PHONE, OTHER_PHONE, MAIL = "+8613900139000", "+8613900139001", "lin@example.com"
OURS = ("accounts", "core", "flows", "shop", "escrow", "logistics", "disputes", "config")

# Private name → the arguments that we give it. What an update renames is noticed here and not at a login.
PRIVATE = {
    "allauth.account.internal.flows.login.record_authentication": {"request", "user", "method"},
    "allauth.account.internal.flows.login.perform_login": {"request", "login"},
    "allauth.account.internal.stagekit.stash_login": {"request", "login"},
    "allauth.account.internal.decorators.login_stage_required": {"stage", "redirect_urlname"},
    "allauth.mfa.base.internal.flows.post_authentication": {"request", "authenticator", "passwordless"},
    "allauth.core.internal.httpkit.is_headless_request": {"request"},
    "allauth.mfa.webauthn.internal.auth.WebAuthn": {"instance"},
    "allauth.headless.internal.sessionkit": set(),
    "allauth.socialaccount.adapter._build_apps_from_settings": set(),
    "allauth.account.internal.flows.email_verification_by_code.EMAIL_VERIFICATION_CODE_SESSION_KEY": set(),
}


@pytest.fixture
def lin():
    return UserFactory(phone=PHONE, email=MAIL)


def who(client: Client) -> str | None:
    found: str | None = client.session.get("_auth_user_id")
    return found


def private_imports() -> set[str]:
    found = set()
    for app in OURS:
        for file in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("allauth"):
                    names = [f"{node.module}.{alias.name}" for alias in node.names]
                    found |= {name for name in names if ".internal" in name or "._" in name}
    return found


def test_contract_each_private_name_that_we_import_is_watched():
    assert private_imports() == set(PRIVATE)


@pytest.mark.parametrize("name", PRIVATE)
def test_contract_a_private_name_is_there_and_takes_what_we_give(name):
    module, _dot, last = name.rpartition(".")
    found = import_module(name) if name.endswith("sessionkit") else getattr(import_module(module), last)
    if inspect.isclass(found) or inspect.isfunction(found):
        assert PRIVATE[name] <= set(inspect.signature(found).parameters)
    elif last == "sessionkit":
        assert list(inspect.signature(found.lookup_session).parameters) == ["session_key"]
    else:
        assert isinstance(found, str)


def test_contract_what_was_recorded_of_a_login_is_read_again(rf, client, lin):
    request = rf.get("/")
    request.session = client.session
    record_authentication(request, lin, method="qr", place="x")
    assert [(row["method"], row["place"]) for row in get_authentication_records(request, lin)] == [("qr", "x")]


def test_contract_a_login_under_way_lies_under_this_key(client, lin):
    client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})
    assert "account_login" in client.session and who(client) is None
    assert callable(stash_login) and callable(perform_login)


def test_contract_the_methods_that_we_replace_are_still_called_so():
    """By name and by arguments: an override that nobody calls any more guards nothing."""
    own = {"_note", "_text", "_digits"}
    replaced = {name: ours for name, ours in vars(AccountAdapter).items() if inspect.isfunction(ours)}
    assert {name for name in replaced if not hasattr(DefaultAccountAdapter, name)} == own
    for name in set(replaced) - own:
        theirs = inspect.signature(getattr(DefaultAccountAdapter, name)).parameters
        ours = inspect.signature(replaced[name]).parameters
        takes_all = any(item.kind == inspect.Parameter.VAR_KEYWORD for item in ours.values())
        assert takes_all or len(ours) == len(theirs), name
    for name in ("encrypt", "decrypt"):
        assert hasattr(DefaultMFAAdapter, name)
    assert list(inspect.signature(OAuth2CallbackView._get_state).parameters) == ["self", "request", "provider"]


def test_contract_the_version_is_the_one_these_were_read_in():
    pinned = next(
        line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("django-allauth")
    )
    assert version("django-allauth") in pinned and version("django-allauth").startswith("65.21.")


# --- the eleven -------------------------------------------------------------------------------------------------------


@pytest.fixture
def patient(settings):
    """Without the limit of the address, which is not what is looked at."""
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": None}


def guess(times: int, login: str = PHONE) -> None:
    for turn in range(times):
        Client().post("/accounts/login/", {"login": login, "password": "guess"}, REMOTE_ADDR=f"192.0.2.{turn}")


def test_default_1_one_bucket_for_all_phones(client, lin, patient, rf):
    other = UserFactory(phone=OTHER_PHONE)
    theirs = DefaultAccountAdapter()._get_login_attempts_cache_key
    assert theirs(rf.get("/"), phone=PHONE) == theirs(rf.get("/"), phone=OTHER_PHONE), "allauth still has it so"
    guess(6)
    through(client, client.post("/accounts/login/", {"login": OTHER_PHONE, "password": PASSWORD}))
    assert who(client) == str(other.pk)


def test_default_2_a_victim_is_locked_out_from_afar(client, lin, patient):
    through(client, client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD}))
    client.post("/accounts/logout/")
    guess(8)
    client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})
    assert who(client) == str(lin.pk), "on his own device he comes in"


def test_default_3_who_has_no_password_is_asked_for_nothing(client):
    user = UserFactory(phone=PHONE, password=None)
    client.force_login(user)
    for path in ("/accounts/email/", "/accounts/phone/change/", "/accounts/password/set/", "/me/security/app/"):
        answer = client.get(path)
        assert "/me/confirm/" in getattr(answer, "url", ""), path


def test_default_4_what_was_typed_is_parked_in_the_session(client, lin):
    client.force_login(lin)
    number = "6222020200001234567"
    for path in ("/accounts/email/", "/accounts/phone/change/", "/accounts/password/change/", "/me/security/app/"):
        client.post(path, {"number": number, "email": "x@example.com", "phone": OTHER_PHONE, "oldpassword": PASSWORD})
    kept = str([row.get_decoded() for row in Session.objects.all()])
    assert not any(word in kept for word in (number, OTHER_PHONE, PASSWORD, "x@example.com"))


def test_default_5_a_code_of_the_app_works_again_half_a_minute_later(lin):
    with_app(lin)
    code, now = code_of(lin), clock.now()
    assert factors.take_totp(user_id=lin.pk, code=code, now=now)
    assert not factors.take_totp(user_id=lin.pk, code=code, now=now + timedelta(seconds=32))


def test_default_6_secrets_of_factors_lie_readable(lin):
    codes = with_app(lin)
    secret = TotpSecret.objects.get(pk=lin.pk).secret.open()
    rows = str(list(Authenticator.objects.values())) + str(list(TotpSecret.objects.values()))
    assert secret and secret not in rows and not any(code in rows for code in codes)


def test_default_7_guesses_are_counted_in_the_session(client, lin):
    """Somebody who throws his session away, or has many, has no more guesses: they are counted in the row."""
    client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})
    before = dict(client.cookies)
    row = Challenge.objects.exclude(code_hash="").get()
    for turn in range(9):
        twin = Client()
        twin.cookies[settings.SESSION_COOKIE_NAME] = before[settings.SESSION_COOKIE_NAME].value
        twin.post("/accounts/device/", {"code": f"{turn:06d}"})
    assert Challenge.objects.get(pk=row.pk).attempts == 5
    client.post("/accounts/device/", {"code": code_to(PHONE)})
    assert who(client) is None


def test_default_8_codes_lie_in_the_session(client, lin):
    client.post("/accounts/login/code/", {"login": PHONE})
    code = code_to(PHONE)
    assert "signed_cookies" not in settings.SESSION_ENGINE
    assert code not in str([row.get_decoded() for row in Session.objects.all()])
    assert not Challenge.objects.filter(code_hash__contains=code).exists()


def test_default_9_a_login_under_way_survives_a_new_password(client, lin):
    client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})
    lin.set_password("a-new-river-of-9")
    lin.save()
    client.post("/accounts/device/", {"code": code_to(PHONE)})
    assert who(client) is None


def test_default_10_a_phone_that_must_be_there_bars_all_without_one(client):
    user = UserFactory(phone=None, email=MAIL)
    assert not app_settings.SIGNUP_FIELDS["phone"]["required"]
    through(client, client.post("/accounts/login/", {"login": MAIL, "password": PASSWORD}))
    assert who(client) == str(user.pk)


def test_default_11_limits_lie_in_a_cache_that_all_processes_share_and_know_the_address_behind_a_proxy(rf, settings):
    from config import settings as real

    assert "locmem" not in str(real.CACHES["default"]["BACKEND"])
    asked = rf.get("/", HTTP_X_FORWARDED_FOR="198.51.100.7, 203.0.113.9", REMOTE_ADDR="127.0.0.1")
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    assert get_adapter().get_client_ip(asked) == "127.0.0.1", "what a visitor says of himself is not believed"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert get_adapter().get_client_ip(asked) == "203.0.113.9"
    from accounts.doors import seen_by

    assert seen_by(asked).ip == "203.0.113.9", "one function for limits, record and places"


def test_the_settings_beside_them():
    assert app_settings.PREVENT_ENUMERATION and app_settings.REAUTHENTICATION_REQUIRED
    assert app_settings.PHONE_VERIFICATION_CODE_FORMAT == {"numeric": True, "dashed": False, "length": 6}
    assert settings.ACCOUNT_EMAIL_NOTIFICATIONS and settings.CSRF_COOKIE_HTTPONLY
    assert settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION is False and settings.SOCIALACCOUNT_STORE_TOKENS is False
    assert "session" in settings.MESSAGE_STORAGE.lower()


# --- what allauth itself once got wrong (its ChangeLog), on our build -------------------------------------------------


def test_failure_65_8_1_a_success_of_ones_own_does_not_clear_the_guesses_at_another(client, lin, patient):
    own = UserFactory(phone=OTHER_PHONE)
    guess(4)
    through(client, client.post("/accounts/login/", {"login": OTHER_PHONE, "password": PASSWORD}))
    assert who(client) == str(own.pk)
    guess(2)
    visitor = Client()
    assert visitor.post("/accounts/login/", {"login": PHONE, "password": PASSWORD}).status_code == 200
    assert who(visitor) is None


def test_failure_65_13_0_sessions_of_apps_are_over_when_the_account_is_closed(lin):
    client = Client()
    client.force_login(lin)
    app = {"HTTP_X_SESSION_TOKEN": client.session.session_key}
    assert Client().get("/api/v1/me/", **app).status_code == 200
    User.objects.filter(pk=lin.pk).update(is_active=False)
    assert Client().get("/api/v1/me/", **app).status_code == 401


def test_failure_65_13_0_nobody_is_known_by_a_name_he_can_change(client, lin):
    assert {"phone", "email"} == settings.ACCOUNT_LOGIN_METHODS and settings.ACCOUNT_USER_MODEL_USERNAME_FIELD is None
    User.objects.filter(pk=UserFactory(phone=OTHER_PHONE).pk).update(name=PHONE)
    through(client, client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD}))
    assert who(client) == str(lin.pk)


def test_failure_65_11_1_who_has_no_password_has_an_unusable_one():
    made = [User.objects.create_user(None, None, phone=PHONE), UserFactory(phone=OTHER_PHONE, password=None)]
    assert not any(user.has_usable_password() or user.check_password("") for user in made)
    assert all(user.password.startswith("!") and len(user.password) > 20 for user in made)


def test_failure_65_12_1_an_address_counts_only_for_who_has_proven_it(client, lin):
    """And Saleor CVE-2026-35407: the code of one in the session of another changes nothing."""
    from accounts.services.step_up import Act
    from tests.accounts.proofs import prove

    other = UserFactory(phone=OTHER_PHONE, email="other@example.com")
    thief = Client()
    for one, user in ((client, lin), (thief, other)):
        one.force_login(user)
        prove(one, user, Act("email"))
    client.post("/accounts/email/", {"email": "newer@example.com", "action_add": ""})
    thief.post("/accounts/email/", {"email": "thiefs@example.com", "action_add": ""})
    assert User.objects.get(pk=lin.pk).email == MAIL, "not before it is proven"
    thief.post("/accounts/confirm-email/", {"code": code_to("newer@example.com")})
    assert User.objects.get(pk=other.pk).email == "other@example.com"
    client.post("/accounts/confirm-email/", {"code": code_to("newer@example.com")})
    assert User.objects.get(pk=lin.pk).email == "newer@example.com"
