"""
Death in the middle of a purge of papers: never a row whose file is gone, never a file that no row names.

Keys and paths go in one transaction; the files follow by the outbox, which comes again until they are gone.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from core import clock, sealed_orphans
from flows import papers, standing
from shop.models import Store, StoreDocument
from shop.services import documents
from shop.services.viewing import open_document
from tests.factories.accounts import MediatorFactory
from tests.faults.test_killed_between import MOST, Killed, killed_at
from tests.stories import actor_of, settle, wait
from tests.vetting import approved

pytestmark = [pytest.mark.django_db, pytest.mark.fault]


@pytest.fixture(autouse=True)
def lonely(settings, tmp_path, monkeypatch):
    settings.SEALED_ROOT, settings.QUARANTINE_ROOT = tmp_path / "sealed", tmp_path / "quarantine"
    monkeypatch.setattr(sealed_orphans, "YOUNG_SECONDS", -1)


def ended_long_ago() -> Store:
    """A store whose papers are due, and whose clock has not been heard yet."""
    store, _ = approved()
    standing.propose_end(store_id=store.pk, reason="Fakes.", refund=False, actor=actor_of(MediatorFactory()),
                         now=clock.now())  # fmt: skip
    settle()
    clock.advance_sandbox(timedelta(days=1100))
    return Store.objects.get(pk=store.pk)


def files() -> list[Path]:
    return [path for path in Path(settings.SEALED_ROOT).rglob("*") if path.is_file()]


def test_death_between_any_two_statements_of_a_purge_leaves_every_row_its_file():
    """Seen red with the transaction of ``papers.purge`` taken away."""
    store = ended_long_ago()
    whole, owner = len(files()), actor_of(store.owner)
    for place in range(1, MOST):
        try:
            with killed_at(place):
                papers.purge(store.pk, now=clock.now())
        except Killed:
            if not StoreDocument.objects.exclude(path="").exists():
                break  # cut off after the last change, as it was being kept
            assert len(files()) == whole, place
            assert not sealed_orphans.find().are_any, place
            for row in StoreDocument.objects.filter(store=store):
                assert b"".join(open_document(document_id=row.pk, copy=False, actor=owner).chunks)
            continue
        break
    else:
        pytest.fail("the purge has no end")
    assert place > 10
    settle()
    assert files() == []
    assert set(StoreDocument.objects.values_list("path", "key", "copy_path", "copy_key")) == {("", None, "", None)}


def test_death_between_a_purge_and_its_files_leaves_none_of_them_behind(monkeypatch):
    """Seen red with the files dropped ``on_commit`` instead of by the outbox."""
    store = ended_long_ago()
    assert papers.purge(store.pk, now=clock.now())
    drop, seen = documents.drop_sealed, []

    def dies(path: str) -> None:
        seen.append(path)
        if len(seen) == 2:
            raise Killed
        drop(path)

    monkeypatch.setattr(documents, "drop_sealed", dies)
    with pytest.raises(Killed):
        settle()
    assert len(files()) == 5
    monkeypatch.setattr(documents, "drop_sealed", drop)
    wait(minutes=10)
    assert files() == []
    assert not sealed_orphans.find().are_any
