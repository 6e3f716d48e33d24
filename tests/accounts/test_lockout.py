"""Guessing is limited, and nobody can be locked out of his own device by it."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import LoginEvent
from tests.accounts.letters import through
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
PHONE = "+8613900139000"


@pytest.fixture
def lin(settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": None}
    return UserFactory(phone=PHONE)


def begin(client, password=PASSWORD, ip="10.0.0.9"):
    return client.post("/accounts/login/", {"login": PHONE, "password": password}, REMOTE_ADDR=ip)


def test_an_attacker_locks_himself_out_and_not_the_owner_on_his_device(client, lin):
    through(client, begin(client, ip="10.0.0.1"))
    client.post("/accounts/logout/")
    for turn in range(8):
        begin(Client(), "guess", ip=f"192.0.2.{turn}")
    assert begin(Client(), ip="192.0.2.99").status_code == 200, "even the right password waits, from anywhere else"
    assert begin(client, ip="10.0.0.1").url == "/", "but not on the device its owner has proven"


def test_guessing_on_the_owners_device_fills_that_bucket(client, lin):
    through(client, begin(client, ip="10.0.0.1"))
    client.post("/accounts/logout/")
    for turn in range(6):
        begin(client, "guess", ip=f"10.0.1.{turn}")
    assert begin(client, ip="10.0.0.7").status_code == 200
    assert begin(Client(), ip="10.0.0.8").url == "/accounts/device/", "elsewhere the right password is still taken"


def test_a_made_up_cookie_is_no_device(lin):
    for turn in range(8):
        thief = Client()
        thief.cookies["device"] = f"{'0' * 31}{turn}:x"
        begin(thief, "guess", ip=f"192.0.2.{turn}")
    thief = Client()
    thief.cookies["device"] = f"{'1' * 32}:x"
    assert begin(thief, ip="192.0.2.99").status_code == 200


def ask(client, ip):
    return client.post("/accounts/login/code/", {"login": PHONE}, REMOTE_ADDR=ip)


def test_codes_asked_for_by_somebody_else_leave_the_owner_his_own_device(client, lin):
    """Red before: twenty asked for by whoever knows the number, and its owner got none for the rest of the day."""
    through(client, begin(client, ip="10.0.0.1"))
    client.post("/accounts/logout/")
    for turn in range(3):
        assert ask(Client(), ip=f"192.0.2.{turn}").status_code == 302
    assert ask(Client(), ip="192.0.2.99").status_code == 200, "the rate of this number is used up, from anywhere else"
    assert ask(client, ip="10.0.0.1").url == "/accounts/login/code/confirm/"


def test_every_refusal_is_on_record(client, lin):
    for turn in range(7):
        begin(client, "guess", ip=f"192.0.2.{turn}")
    client.post("/accounts/login/", {"login": "+8613900139999", "password": "x"})
    outcomes = list(LoginEvent.objects.order_by("pk").values_list("outcome", "user_id"))
    assert outcomes.count(("wrong", lin.pk)) == 5 and outcomes.count(("limited", lin.pk)) == 2
    assert outcomes[-1] == ("wrong", None)
