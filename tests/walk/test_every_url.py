"""Every address of the site, opened and posted to by everybody: never a 500, and never a look at what is another's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver

from core import clock
from tests.architecture.test_urls import doors, guard_of
from tests.walk.scene import PEOPLE, Scene, set_scene

pytestmark = pytest.mark.django_db
CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
HIDDEN = {403, 404, 405}
HOSTILE = {400, 401, 403, 404, 405, 406, 415, 429}  # how the API refuses


@dataclass(frozen=True, slots=True)
class Door:
    route: str
    path: str
    guard: str

    @property
    def names_an_object(self) -> bool:
        return "<" in self.route.replace("<slug:purpose>", "")  # a name from a table, nobody's own


def doors_of(scene: Scene) -> Iterator[Door]:
    """Each route with real objects filled in. The admin's inner pages are Django's own."""
    for route, view in doors(get_resolver()):
        if route.startswith("admin/") and route != "admin/":
            continue
        yield Door(route, f"/{address(scene, route)}", guard_of(view))


def address(scene: Scene, route: str) -> str:
    """One address that fits a route, be it a path or a regular expression of a library."""
    if not re.search(r"[\^$(]", route):
        return CONVERTER.sub(lambda found: str(scene.fill(found[1], route)), route)
    filled = GROUP.sub(lambda found: str(scene.fill(found[1], route)), route)
    return re.sub(r"\(\?:.*?\)\??|[\^$\\]|/\?", "", filled)


@pytest.fixture
def scene(db) -> Scene:
    return set_scene()


def knock(scene: Scene, person: str, method: str) -> Iterator[tuple[Door, HttpResponse]]:
    """Everybody's answer at every door; what it changed is taken back before the next."""
    for door in doors_of(scene):
        client = scene.client(person)
        with transaction.atomic():
            answer = send(client, method, door)
            transaction.set_rollback(True)
        clock.forget()
        yield door, answer


def send(client: Client, method: str, door: Door) -> HttpResponse:
    if method == "GET":
        return client.get(door.path)
    is_api = door.path.startswith("/api/")
    return client.post(door.path, "{}", content_type="application/json") if is_api else client.post(door.path)


def describe(door: Door, answer: Any) -> str:
    fault = getattr(answer, "exc_info", None)
    return f"/{door.route} -> {answer.status_code} {answer.get('Location', '')} {fault[1]!r}" if fault else (
        f"/{door.route} -> {answer.status_code} {answer.get('Location', '')}")  # fmt: skip


def is_refused(door: Door, person: str, answer: HttpResponse) -> bool:
    """Whether a door that is not this person's stays shut: his own login first, otherwise as if it did not exist."""
    if answer.status_code in (HOSTILE if door.path.startswith("/api/") else HIDDEN):
        return True
    return person == "anonymous" and answer.status_code == 302 and "/accounts/login/" in answer["Location"]


def must_refuse(door: Door, person: str) -> bool:
    if door.guard == "mediator":
        return person != "mediator"
    if door.guard == "merchant":
        return person != "merchant"
    if door.guard == "applicant":
        return person == "anonymous" or (person != "merchant" and door.names_an_object)
    if door.guard == "member":
        return person == "anonymous" or (person == "stranger" and door.names_an_object)
    return False


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("person", PEOPLE)
def test_every_url_answers_everybody_as_it_should(scene, person, method):
    broken, ajar, count = [], [], 0
    for door, answer in knock(scene, person, method):
        count += 1
        if answer.status_code >= 500 and not (door.path == "/readyz" and answer.status_code == 503):
            broken.append(describe(door, answer))
        elif must_refuse(door, person) and not is_refused(door, person, answer):
            ajar.append(describe(door, answer))
    assert count > 100, "the walk sees the whole site"
    assert not broken, "\n".join(broken)
    assert not ajar, "\n".join(ajar)


def test_everybody_sees_his_own(scene):
    """The other side of the walk: the scene's objects are real, and their owners get them."""
    refused = []
    own = {"member": "buyer", "merchant": "merchant", "mediator": "mediator", "applicant": "applicant"}
    elsewhere = (
        "shipping/import",
        "parcels/<uuid:pk>/scan",
        "/rule/",
        "restore",
        "api/v1/",
        "join/",
        "accounts/qr/",
        "security/passkeys/",
        "security/accounts/",
    )  # not in this scene
    for door in doors_of(scene):
        if door.guard in own and not any(part in door.route for part in elsewhere):
            answer = scene.client(own[door.guard]).get(door.path)
            if answer.status_code not in (200, 204, 302, 405):
                refused.append(describe(door, answer))
    assert not refused, "\n".join(refused)
