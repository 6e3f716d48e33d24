"""The deploy check: a shop for real money starts with no pretended part and no key that everybody knows."""

from __future__ import annotations

import pytest

from core.checks import no_demo_parts

GOOD_KEY = "bm90LWEtZGVtby1rZXktYnV0LWEtbG9uZy1lbm91Z2g="


@pytest.fixture
def real(settings):
    settings.SANDBOX = False
    settings.PAYMENT_GATEWAYS, settings.PAYOUT_GATEWAY = ["none"], "none"
    settings.PROVIDERS = {
        "stripe": {"api_base": "https://api.stripe.com", "secret_key": "sk", "webhook_secret": "wh"},
        "alipay": {},
    }
    settings.SECRET_KEY = "x" * 50
    settings.VAULT_KEYS = ["1:" + GOOD_KEY]
    settings.SIGNING_KEY = GOOD_KEY
    return settings


def refused() -> set[str]:
    return {str(message.id) for message in no_demo_parts()} & {"core.E001", "core.E002", "core.E003", "core.E005"}


def test_a_real_shop_passes(real):
    assert refused() == set()


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("SANDBOX", True, "core.E001"),
        ("SECRET_KEY", "demo-key-" + "x" * 50, "core.E002"),
        ("VAULT_KEYS", ["demo:" + GOOD_KEY], "core.E002"),
        ("PAYMENT_GATEWAYS", ["stripe", "sandbox"], "core.E003"),
        ("PAYOUT_GATEWAY", "sandbox", "core.E003"),
    ],
)
def test_a_demo_part_is_refused(real, name, value, code):
    setattr(real, name, value)
    assert refused() == {code}


def all_found(**how: object) -> set[str]:
    from django.core.checks import Tags, run_checks

    found = run_checks(tags=[Tags.security], include_deployment_checks=True, **how)
    return {str(message.id) for message in found if str(message.id).startswith("core.")}


@pytest.fixture
def whole(real):
    """A production with everything as it should be."""
    real.SITE_URL = "https://shop.example"
    real.ALLOWED_HOSTS = ["shop.example"]
    real.DEBUG = False
    real.BEHIND_PROXY, real.ALLAUTH_TRUSTED_PROXY_COUNT = True, 1
    real.REDIS_URL = "rediss://:a-long-password@redis.example:6379/0"
    real.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    real.EMAIL_HOST, real.EMAIL_USE_TLS = "mail.example", True
    real.SMS_WEBHOOK_URL = "https://sms.example/send"
    return real


POSTGRES = {"ENGINE": "django.db.backends.postgresql", "HOST": "db.example", "PASSWORD": "a-long-password"}


def with_database(monkeypatch, **config: object) -> None:
    from core import checks

    made = {**POSTGRES, "OPTIONS": {"sslmode": "verify-full"}, **config}
    before = checks._database
    monkeypatch.setattr(checks, "_database", lambda _ignored: before(made))


def test_a_whole_production_passes(whole, monkeypatch):
    with_database(monkeypatch)
    assert all_found() == set()


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("VAULT_KEYS", ["short:YWJj"], "core.E005"),
        ("VAULT_KEYS", [], "core.E005"),
        ("PROVIDERS", {"stripe": {"secret_key": "sk", "webhook_secret": ""}}, "core.E006"),
        ("DEBUG", True, "core.E007"),
        ("SITE_URL", "http://shop.example", "core.E008"),
        ("ALLOWED_HOSTS", ["*"], "core.E009"),
        ("ALLOWED_HOSTS", [".shop.example"], "core.E009"),
        ("BEHIND_PROXY", False, "core.E010"),
        ("PAGE_LIMITS", {}, "core.E018"),
        ("REDIS_URL", "rediss://redis.example:6379/0", "core.E011"),
        ("REDIS_URL", "redis://redis:6379/0", "core.E011"),
        ("REDIS_URL", "redis://:a-long-password@redis.example:6379/0", "core.E012"),
        ("REDIS_URL", "", "core.W001"),
        ("EMAIL_USE_TLS", False, "core.E014"),
        ("SMS_WEBHOOK_URL", "http://sms.example/send", "core.E017"),
        ("PROVIDERS", {"alipay": {"api_base": "http://openapi.example/"}}, "core.E017"),
        ("PAYOUT_GATEWAY", "sandbox", "core.E003"),
    ],
)
def test_an_open_door_is_named(whole, monkeypatch, name, value, code):
    with_database(monkeypatch)
    setattr(whole, name, value)
    assert all_found() == {code}


@pytest.mark.parametrize(
    ("config", "codes"),
    [
        ({"OPTIONS": {}}, {"core.E013"}),
        ({"OPTIONS": {"sslmode": "prefer"}}, {"core.E013"}),
        ({"PASSWORD": ""}, {"core.E016"}),
        ({"HOST": "", "PASSWORD": "", "OPTIONS": {}}, set()),
        ({"HOST": "/run/postgresql", "PASSWORD": "", "OPTIONS": {}}, set()),
        ({"HOST": "127.0.0.1", "PASSWORD": "", "OPTIONS": {}}, set()),
        ({"HOST": "postgres", "OPTIONS": {}}, set()),
        ({"ENGINE": "django.db.backends.sqlite3"}, {"core.W002"}),
    ],
)
def test_a_database_on_another_machine_is_encrypted_and_locked(whole, monkeypatch, config, codes):
    with_database(monkeypatch, **config)
    assert all_found() == codes


@pytest.mark.django_db
def test_asvs_6_3_2_the_demos_people_are_refused(whole, monkeypatch):
    from demo.people import PEOPLE
    from tests.factories.accounts import UserFactory

    with_database(monkeypatch)
    assert all_found(databases=["default"]) == set()
    UserFactory(email=PEOPLE[0].email)
    assert all_found(databases=["default"]) == {"core.E015"}


def test_what_the_address_of_the_database_says_about_encryption_is_kept(monkeypatch):
    from config.env import database

    found = database("postgres://u:p@db.example/tashi?sslmode=verify-full&sslrootcert=/ca.pem")
    assert found["OPTIONS"]["sslmode"] == "verify-full"
    assert "lock_timeout" in found["OPTIONS"]["options"]
