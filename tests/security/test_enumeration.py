"""
Whoever types a name learns nothing from the answer: known and unknown have the same status, the same words and the same
work behind them. What the clock says of it is measured by ``./run bench enumeration``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.places import Seen
from accounts.services import devices, qr
from accounts.services.step_up import Act
from bench.names import DOORS, GUESS, Door
from core import clock, limits
from tests.accounts.proofs import prove
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
KNOWN = {"phone": "+8613900139000", "email": "lin@example.com"}
UNKNOWN = {"phone": "+8613900139001", "email": "nil@example.com"}
# What a page says anew each time.
CHANGING = re.compile(r'data-now="[^"]+"|csrfmiddlewaretoken" value="[^"]+"|nonce="[^"]+"|nonce-[\w+/=-]+')


@dataclass
class Told:
    """What a visitor sees of one answer, and what was done for it."""

    status: int
    leads_to: str
    text: str
    statements: list[str] = field(default_factory=list)
    hashes: int = 0

    @property
    def seen(self) -> tuple[int, str, str]:
        return self.status, self.leads_to, self.text


@pytest.fixture
def hashes(monkeypatch):
    """Each password that is hashed; tests use a quick hasher, what counts is how often."""
    made: list[int] = []
    encode = MD5PasswordHasher.encode

    def counted(*args: Any, **more: Any) -> str:
        made.append(1)
        return encode(*args, **more)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return made


@pytest.fixture(autouse=True)
def quiet(settings):
    """Mails arrive; limits are counted in memory, for what they cost in a table depends on who was counted before."""
    settings.EMAIL_BACKEND = "accounts.channels.sandbox.EmailBackend"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "names"}}


def masked(text: str, names: dict[str, str]) -> str:
    """A page without what was typed and without what changes with every look."""
    for name in names.values():
        digits = name.removeprefix("+86")
        spaced = f"{digits[:3]} {digits[3:7]} {digits[7:]}"
        for way in (name, digits, spaced, name.replace("+", "%2B"), name.replace("@", "%40")):
            text = text.replace(way, "…")
    return CHANGING.sub("", text)


def kind_of(sql: str) -> str:
    """``INSERT accounts_challenge``: what a statement does to which table."""
    found = re.search(r'^(SELECT|INSERT|UPDATE|DELETE).*?(?:FROM|INTO|UPDATE)?\s"(\w+)"', sql)
    table = re.search(r'(?:FROM|INTO|UPDATE) "(\w+)"', sql)
    return f"{sql.split()[0]} {table.group(1)}" if found and table else sql.split()[0]


def ask(client: Any, method: str, path: str, names: dict[str, str], hashes: list[int], data: Any = None) -> Told:
    hashes.clear()
    with CaptureQueriesContext(connection) as asked:
        answer = getattr(client, method)(path, data or {}, HTTP_ACCEPT_LANGUAGE="en")
    leads_to, text = masked(getattr(answer, "url", ""), names), masked(answer.content.decode(), names)
    statements = [kind_of(row["sql"]) for row in asked if "SAVEPOINT" not in row["sql"]]
    return Told(answer.status_code, leads_to, text, statements, len(hashes))


def visit(door: Door, names: dict[str, str], hashes: list[int]) -> list[Told]:
    """Type a name, look at the page that follows, have it sent again, and guess a code."""
    cache.clear()  # each is the first that is counted
    limits.forget()
    client = Client()
    if door.is_members:
        me = UserFactory(name="Me")
        client.force_login(me)
        prove(client, me, Act(door.proof))
    client.get(door.path)
    told = [ask(client, "post", door.path, names, hashes, {door.field: names[door.by], **door.fields})]
    if told[0].leads_to:
        page = told[0].leads_to
        told.append(ask(client, "get", page, names, hashes))
        told.append(ask(client, "post", page, names, hashes, {"action": "resend"}))
        told += [ask(client, "post", page, names, hashes, {"code": "000000"}) for _ in range(3)]
    return told


def compare(known: list[Told], unknown: list[Told]) -> None:
    assert len(known) == len(unknown)
    for step, (one, other) in enumerate(zip(known, unknown, strict=True)):
        assert one.text.splitlines() == other.text.splitlines(), f"step {step}"
        assert one.seen == other.seen, f"step {step}"
        assert (one.hashes, one.statements) == (other.hashes, other.statements), f"step {step}"


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_asvs_6_3_8_known_and_unknown_names_have_the_same_answer_and_the_same_work(door, hashes):
    UserFactory(**KNOWN)
    visit(door, {"phone": "+8613900138000", "email": "x0@example.com"}, hashes)  # what is done once is done now
    compare(visit(door, KNOWN, hashes), visit(door, UNKNOWN, hashes))


@pytest.mark.parametrize("by", ["phone", "email"])
def test_asvs_6_3_8_a_member_without_a_password_is_hashed_for_as_well(by, hashes):
    door = next(door for door in DOORS if door.path == "/accounts/login/" and door.by == by)
    UserFactory(**KNOWN, password=None)
    compare(visit(door, KNOWN, hashes), visit(door, UNKNOWN, hashes))


def test_asvs_6_3_8_a_browser_that_another_member_trusts_learns_no_more(hashes):
    UserFactory(**KNOWN)
    device, cookie = devices.remember(
        user_id=UserFactory().pk, known=devices.Recognition(), cookie="", seen=Seen(ip="127.0.0.1", user_agent=""),
        verified_by="sms", now=clock.now(),
    )  # fmt: skip
    assert device.pk.hex in cookie
    told = []
    for names in (KNOWN, UNKNOWN):
        client = Client()
        client.cookies["device"] = cookie
        data = {"login": names["phone"], "password": GUESS}
        told.append(ask(client, "post", "/accounts/login/", names, hashes, data))
        assert "SELECT accounts_device" in told[-1].statements
    compare(told[:1], told[1:])


API = {
    "signup": lambda names: [{"phone": names["phone"]}, {"email": names["email"], "password": GUESS}],
    "login": lambda names: [{"phone": names["phone"], "password": GUESS}, {"email": names["email"], "password": GUESS}],
    "code/request": lambda names: [{"phone": names["phone"]}, {"email": names["email"]}],
    "password/request": lambda names: [{"email": names["email"]}],
}


@pytest.mark.parametrize("step", API)
def test_asvs_6_3_8_an_app_learns_no_more_than_a_page(step, hashes):
    UserFactory(**KNOWN)
    found = []
    for names in (UNKNOWN | {"phone": "+8613900138000", "email": "x0@example.com"}, KNOWN, UNKNOWN):
        cache.clear()
        limits.forget()
        told = []
        for body in API[step](names):
            hashes.clear()
            with CaptureQueriesContext(connection) as asked:
                answer = APIClient().post(f"/api/v1/auth/{step}/", body, format="json", HTTP_ACCEPT_LANGUAGE="en")
            text = re.sub(r'"session_token": ?"[^"]+"', "", masked(answer.content.decode(), names))
            statements = [kind_of(row["sql"]) for row in asked if "SAVEPOINT" not in row["sql"]]
            told.append(Told(answer.status_code, "", text, statements, len(hashes)))
        found.append(told)
    compare(found[1], found[2])


def test_asvs_6_3_8_a_code_to_scan_that_is_anothers_is_none():
    """Somebody else's request to let a device in, one that is over, and one that never was look the same."""
    client, other = Client(), UserFactory()
    client.force_login(UserFactory(name="Me"))
    seen, now = Seen(ip="127.0.0.1", user_agent=""), clock.now()
    real = qr.token_of(qr.ask(session_key="x", seen=seen, user_id=other.pk, now=now).pk)
    tokens = [real, qr.token_of(uuid4()), "0" * 64, "f" * len(real), real[:-1] + "g"]
    compare_first = None
    for token in tokens:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(f"/accounts/qr/{token}/", HTTP_ACCEPT_LANGUAGE="en")
        told = (answer.status_code, CHANGING.sub("", answer.content.decode()).replace(token, "…"), len(asked))
        compare_first = compare_first or told
        assert told == compare_first
    assert compare_first is not None and compare_first[0] == 404
