"""What is refused before it is read, at every address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client, RequestFactory

from tests.factories.accounts import UserFactory
from tests.walk.scene import Scene, set_scene
from tests.walk.test_every_url import Door, describe, doors_of

pytestmark = pytest.mark.django_db
FILE, TEXT = settings.UPLOAD_MAX_BYTES, settings.BODY_MAX_BYTES
MULTIPART = "multipart/form-data; boundary=x"
URLENCODED = "application/x-www-form-urlencoded"
JSON = "application/json"


class Unread:
    """A body that must not be touched."""

    def read(self, *args: object) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def send(path: str, *, content_type: str, length: str, client: Client | None = None, **more: object):
    """Only the head of a request: whoever reads the body fails."""
    asked = {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "CONTENT_TYPE": content_type, "CONTENT_LENGTH": length,
        "wsgi.input": Unread(), **more,
    }  # fmt: skip
    return (client or Client(enforce_csrf_checks=True)).request(**asked)


@pytest.mark.parametrize(
    ("content_type", "length"), [(MULTIPART, FILE + 1), (URLENCODED, TEXT + 1), (JSON, TEXT + 1), ("", TEXT + 1)]
)
def test_what_is_too_large_is_refused_unread_in_the_readers_language(content_type, length):
    for language, words in (("en", "too much at once"), ("zh-hans", "<!DOCTYPE html>")):
        answer = send(
            "/accounts/login/", content_type=content_type, length=str(length), HTTP_ACCEPT_LANGUAGE=language,
            HTTP_REFERER="http://testserver/accounts/login/",
        )  # fmt: skip
        assert answer.status_code == 413
        if content_type == JSON:
            assert answer.json()["code"] == "too_large"
        else:
            assert words in answer.content.decode()
            assert f'lang="{language}"' in answer.content.decode().lower()


@pytest.mark.parametrize("path", ["/webhooks/payments/sandbox/", "/webhooks/carriers/sandbox/x/", "/api/v1/checkout/"])
@pytest.mark.parametrize("content_type", [JSON, "text/plain"])
def test_machines_are_told_in_json(path, content_type):
    answer = send(path, content_type=content_type, length=str(TEXT + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_member_is_told_on_a_page_of_his_own():
    client = Client()
    client.force_login(UserFactory())
    assert send("/merchant/settings/", content_type=MULTIPART, length=str(FILE + 1), client=client).status_code == 413


@pytest.mark.parametrize("length", ["", "0"])
def test_a_body_without_a_length_is_refused(length):
    answer = send("/webhooks/payments/sandbox/", content_type=JSON, length=length, HTTP_TRANSFER_ENCODING="chunked")
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


@pytest.mark.parametrize("length", ["-1", "abc", "1.5", "\u0663", "+1"])
def test_a_length_that_is_none_is_refused(length):
    assert send("/api/v1/checkout/", content_type=JSON, length=length).status_code == 411


def test_texts_of_a_form_with_files_are_bounded_too(client):
    answer = client.post("/accounts/login/", {"login": "x" * (TEXT + 1)})
    assert answer.status_code == 413
    assert len(answer.content) < 50_000, "nothing of it is echoed"


def raise_(fault: Exception) -> None:
    raise fault


@pytest.fixture
def scene(db) -> Scene:
    return set_scene()


def with_nul(door: Door, client: Client) -> Iterator[object]:
    """A NUL in the path, in the query, in each field a door may read, in the cookies."""
    fields = dict.fromkeys(("reason", "q", "to", "number", "email", "text", "note", "name", "event"), "a\x00b")
    plain = RequestFactory().get(door.path).path
    yield client.get(door.path, {**fields, "page": "\x00", "tab": "\x00"})
    yield client.get(f"{plain.rstrip('/')}%00/")
    is_api = door.path.startswith("/api/")
    yield client.post(door.path, fields, **({"content_type": JSON} if is_api else {}))
    yield client.post(door.path, fields, content_type=JSON)


@pytest.mark.parametrize("person", ["anonymous", "buyer", "merchant", "mediator"])
def test_no_door_breaks_on_a_nul(scene, person):
    broken = []
    for door in doors_of(scene):
        with transaction.atomic():
            answers = list(with_nul(door, scene.client(person)))
            transaction.set_rollback(True)
        broken += [describe(door, answer) for answer in answers if answer.status_code >= 500]
    assert not broken, "\n".join(broken)


def test_a_session_cookie_with_a_nul_is_none():
    answer = Client(raise_request_exception=False).get("/cart/", headers={"cookie": 'session="abcdefgh\\000ij"'})
    assert answer.status_code == 200


@pytest.mark.parametrize("fault", [ValueError("A string literal cannot contain NUL (0x00) characters."), None])
def test_what_the_database_cannot_store_is_refused_in_words(client, monkeypatch, fault):
    """Where no form looks at a text first; SQLite would take the NUL."""
    if fault is not None:
        monkeypatch.setattr("accounts.views.sandbox.demo_user", lambda email: raise_(fault))
    answer = client.post("/sandbox/sign-in/", '{"email": "\\ud800"}', content_type=JSON)
    assert answer.status_code in (400, 404)
    if fault is not None:
        assert answer.json()["code"] == "unstorable_text"


def test_a_search_for_a_nul_finds_nothing(client):
    page = client.get("/search/", {"q": "a\x00b"})
    assert page.status_code == 200
    assert "\x00" not in page.content.decode()


@pytest.mark.parametrize("charset", ["utf-7", "utf-16"])
def test_a_nul_in_another_alphabet_is_seen_too(charset):
    client = Client(raise_request_exception=False)
    asked = client.get("/sandbox/outbox/?to=%2BAAA-", content_type=f"{URLENCODED}; charset={charset}")
    assert asked.status_code == 200
