"""The second start: what the first one made is found, and half a seed is not taken for a whole one."""

from __future__ import annotations

import pytest

from tests.factories.accounts import UserFactory
from tooling import prepare


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """Commands that would have run, by name."""
    names: list[str] = []
    monkeypatch.setattr(prepare, "call_command", lambda name, *args, **options: names.append(name))
    monkeypatch.setattr(prepare, "PEOPLE", tmp_path / "people.txt")
    monkeypatch.setattr(prepare, "SEEDING", tmp_path / "seeding")
    return names


@pytest.mark.django_db
def test_an_empty_database_is_filled_and_a_filled_one_is_left_alone(calls, capsys):
    prepare.make_data(0)
    assert calls == ["migrate", "createcachetable", "seed_demo", "demo_people"]
    assert not prepare.SEEDING.exists()
    calls.clear()
    UserFactory()
    prepare.make_data(50)
    assert calls == ["migrate", "createcachetable", "demo_people"]
    assert "--orders needs a fresh start" in capsys.readouterr().out


def test_a_seed_that_was_cut_short_is_made_anew(calls, monkeypatch, settings, tmp_path):
    database = tmp_path / "tashi.sqlite3"
    monkeypatch.setattr(prepare, "VAR", tmp_path)
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", str(database))
    settings.MEDIA_ROOT = str(tmp_path / "media")
    for file in (database, tmp_path / "tashi.sqlite3-wal", prepare.SEEDING):
        file.touch()
    prepare.forget_half_a_seed()
    assert not list(tmp_path.glob("tashi.sqlite3*"))
    assert not prepare.SEEDING.exists()


def test_a_database_elsewhere_is_never_deleted(calls, settings, monkeypatch, tmp_path):
    (tmp_path / "var").mkdir()
    database = tmp_path / "mine.sqlite3"
    database.touch()
    monkeypatch.setattr(prepare, "VAR", tmp_path / "var")
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", str(database))
    prepare.SEEDING.touch()
    prepare.forget_half_a_seed()
    assert database.exists()
