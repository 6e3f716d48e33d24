"""The file as it came: sealed, for its author and the mediator of the case alone, and every look on record."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from core.models import AuditEntry
from core.sealed import key_id_of
from disputes.models import Case, Evidence
from tests.factories.accounts import MediatorFactory
from tests.walk.scene import Scene, picture, set_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(db, settings, tmp_path) -> Scene:
    settings.SEALED_ROOT = tmp_path / "sealed"
    return set_scene()


def url(scene: Scene) -> str:
    return reverse("disputes:evidence-original", args=[scene.evidence])


def read(client: Client, path: str) -> bytes:
    return b"".join(client.get(path).streaming_content)


def test_its_author_gets_back_exactly_what_he_sent(scene):
    answer = scene.client("buyer").get(url(scene))
    assert b"".join(answer.streaming_content) == picture("scale").read()
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("person", ["stranger", "merchant", "mediator"])
def test_nobody_else_does_not_even_a_mediator_of_other_cases(scene, person):
    assert scene.client(person).get(url(scene)).status_code == 404


def test_the_mediator_of_the_case_does_and_it_is_on_record(scene):
    Case.objects.filter(pk=scene.case.pk).update(mediator=scene.mediator)
    assert read(scene.client("mediator"), url(scene)) == picture("scale").read()
    entry = AuditEntry.objects.get(act="evidence.opened")
    assert (entry.user_id, entry.subject) == (scene.mediator.pk, str(scene.evidence))
    assert entry.facts["sha256"] == Evidence.objects.get(pk=scene.evidence).sha256
    other = Client()
    other.force_login(MediatorFactory())
    assert other.get(url(scene)).status_code == 404


def test_it_lies_sealed_outside_media(scene, settings):
    piece = Evidence.objects.get(pk=scene.evidence)
    kept = Path(settings.SEALED_ROOT) / piece.original_path
    assert picture("scale").read()[:64] not in kept.read_bytes()
    assert key_id_of(bytes(piece.original_key)) == "k1"


def test_one_that_was_changed_is_not_given_out(scene, settings):
    piece = Evidence.objects.get(pk=scene.evidence)
    kept = Path(settings.SEALED_ROOT) / piece.original_path
    kept.write_bytes(kept.read_bytes()[:-1])
    answer = scene.client("buyer").get(url(scene))
    assert answer.status_code == 410
    assert not AuditEntry.objects.filter(act="evidence.opened").exists()


def test_the_console_links_it_for_its_mediator_alone(scene):
    page = reverse("console:case", args=[scene.case.number])
    assert url(scene) not in scene.client("mediator").get(page).content.decode()
    Case.objects.filter(pk=scene.case.pk).update(mediator=scene.mediator)
    assert url(scene) in scene.client("mediator").get(page).content.decode()
