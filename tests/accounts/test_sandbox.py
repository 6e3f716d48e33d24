"""The sandbox: being somebody, reading every message, turning the clock; and none of it elsewhere."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import OutgoingMessage
from accounts.services import people
from core import clock, deadlines
from core.models import ClockOffset
from core.views.clock import WORDS
from flows.deadlines import KINDS
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json", "headers": {"accept": "application/json"}}


@pytest.fixture
def maya():
    return people.create_person(email="maya.reed@example.com", phone="+8613800000002", name="Maya", language="en")


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(clock, "STALE_SECONDS", 0.0)
    yield
    clock.forget()


@pytest.mark.parametrize("url", ["/sandbox/", "/sandbox/sign-in/", "/sandbox/clock/", "/sandbox/outbox/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_none_of_it_is_there_outside_a_sandbox(client, settings, url, method):
    settings.SANDBOX = False
    assert getattr(client, method)(url).status_code == 404


def test_one_click_sign_in(client, maya):
    page = client.get("/sandbox/").content.decode()
    assert "maya.reed@example.com" in page
    answer = client.post("/sandbox/sign-in/", {"email": maya.email})
    assert (answer.status_code, answer.url) == (302, "/")
    assert client.session["_auth_user_id"] == str(maya.pk)
    assert answer.cookies["django_language"].value == "en"


def test_merchants_and_mediators_come_in_by_their_own_door(client):
    people.create_person(email="shen.qing@example.com", name="沈青")
    people.create_person(email="meng.ping@example.com", name="孟平", is_mediator=True)
    assert client.post("/sandbox/sign-in/", {"email": "shen.qing@example.com"}).url == "/merchant/"
    assert client.post("/sandbox/sign-in/", {"email": "meng.ping@example.com"}).url == "/console/"


def test_scripts_sign_in_by_json(client, maya):
    answer = client.post("/sandbox/sign-in/", {"email": maya.email}, **JSON)
    assert answer.json()["id"] == str(maya.pk)
    assert client.session["_auth_user_id"] == str(maya.pk)


@pytest.mark.parametrize("email", ["", "somebody@example.com", "admin", "\x00", "x" * 9000])
def test_nobody_else_can_be_signed_in_as(client, maya, email):
    UserFactory(email="somebody@example.com")
    assert client.post("/sandbox/sign-in/", {"email": email}).status_code == 404
    assert client.post("/sandbox/sign-in/", {"email": email}, **JSON).status_code == 404
    assert "_auth_user_id" not in client.session


def test_forms_need_their_token_and_json_does_not(maya):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/sandbox/sign-in/", {"email": maya.email}).status_code == 403
    assert strict.post("/sandbox/clock/", {"hours": 1}).status_code == 403
    assert strict.post("/sandbox/sign-in/", {"email": maya.email}, **JSON).status_code == 200


@pytest.mark.parametrize("body", ["[]", "{", "null", "[" * 100_000])
def test_what_is_no_json_object_is_refused(client, body):
    assert client.post("/sandbox/sign-in/", body, **JSON).status_code == 400
    assert client.post("/sandbox/clock/", body, **JSON).status_code == 400


def test_the_outbox_shows_and_filters(client):
    for number, (channel, to) in enumerate(
        [("sms", "+8613800000001"), ("email", "a@example.com"), ("email", "b@example.com")]
    ):
        OutgoingMessage.objects.create(
            channel=channel, to=to, subject="", body=f"words {number} <b>", created_at=clock.now()
        )
    page = client.get("/sandbox/outbox/").content.decode()
    assert page.index("words 2") < page.index("words 0") and "&lt;b&gt;" in page

    def sent(query):
        rows = client.get(f"/sandbox/outbox/{query}", headers={"accept": "application/json"}).json()["messages"]
        return [row["to"] for row in rows]

    assert sent("?to=a@example.com") == ["a@example.com"]
    assert sent("?to=+8613800000001") == ["+8613800000001"], "a plus arrives as a space"
    assert sent("?to=%2B8613800000001") == ["+8613800000001"]
    assert sent("?channel=email") == ["b@example.com", "a@example.com"]
    assert sent("?to=nobody") == []
    assert sent(f"?to={'x' * 3000}&page=zz&channel=pigeon") == []


def test_the_clock_goes_forward_and_fires_what_is_due(client, quick, monkeypatch):
    fired = []

    def handler(subjects, now):
        fired.extend(subjects)
        deadlines.finish("test.kind", subjects=subjects)

    monkeypatch.setattr(deadlines, "_kinds", {"test.kind": deadlines.Kind("test.kind", handler, 10)})
    before = clock.now()
    deadlines.schedule("test.kind", subject="x", due_at=before + timedelta(hours=30))

    answer = client.post("/sandbox/clock/", {"hours": 24}, **JSON).json()
    assert (answer["offset_seconds"], answer["swept"]) == (86_400, 0)
    assert "test.kind" in client.get("/sandbox/clock/").content.decode()
    answer = client.post("/sandbox/clock/", {"to": "next"}, **JSON).json()
    assert (answer["swept"], fired, answer["next_due"]) == (1, ["x"], None)
    assert timedelta(hours=30) <= clock.now() - before < timedelta(hours=30, minutes=1)

    assert client.post("/sandbox/clock/", {"to": "next"}).url == "/sandbox/clock/"
    assert client.get("/sandbox/clock/", headers={"accept": "application/json"}).json()["next_due"] is None


@pytest.mark.parametrize("hours", ["", "x", -1, "-0.5", "nan", "inf", 1e300, 9601, True, None, [], {}])
def test_the_clock_goes_nowhere_else(client, quick, hours):
    assert client.post("/sandbox/clock/", {"hours": hours}, **JSON).status_code == 400
    assert not ClockOffset.objects.filter(seconds__gt=0).exists()


def test_a_sweep_that_fails_leaves_the_work_to_the_worker(client, quick, monkeypatch):
    monkeypatch.setattr(deadlines, "sweep", lambda: 1 / 0)
    answer = client.post("/sandbox/clock/", {"hours": 1}, **JSON)
    assert (answer.status_code, answer.json()["swept"]) == (200, 0)


def test_the_table_of_people(maya, settings):
    out = StringIO()
    call_command("demo_people", "--all", stdout=out)
    assert "maya.reed@example.com" in out.getvalue() and "password for all:" in out.getvalue()
    settings.SANDBOX = False
    with pytest.raises(CommandError):
        call_command("demo_people")


def test_every_kind_of_deadline_has_words_on_the_page_of_the_clock():
    assert {kind.name for kind in KINDS} - set(WORDS) == set(), "else its name in the code is shown to people"
    assert set(WORDS) - {kind.name for kind in KINDS} == set()
