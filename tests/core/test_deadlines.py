"""One clock: what is due happens once, what is paused keeps its rest, what fails does not stop the others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock, deadlines
from core.models import Deadline

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def handled(monkeypatch):
    """A kind whose handler notes what it got."""
    got: list[str] = []

    def handler(subjects, now):
        got.extend(subjects)
        deadlines.finish("test.kind", subjects=subjects)

    monkeypatch.setattr(deadlines, "_kinds", {"test.kind": deadlines.Kind("test.kind", handler, 2)})
    return got


def test_due_rows_are_handed_over_once_and_others_wait(handled):
    now = clock.now()
    for name in "abc":
        deadlines.schedule("test.kind", subject=name, due_at=now - HOUR)
    deadlines.schedule("test.kind", subject="later", due_at=now + HOUR)
    assert deadlines.sweep() == 3
    assert deadlines.sweep() == 0
    assert handled == ["a", "b", "c"]


def test_what_is_due_at_one_moment_goes_over_in_as_many_batches_as_it_takes(handled):
    moment = clock.now() - HOUR
    deadlines.schedule_all([("test.kind", name, moment) for name in "abcdefg"])
    assert deadlines.sweep() == 7
    assert sorted(handled) == list("abcdefg")


def test_what_comes_up_behind_the_batch_at_hand_goes_over_in_the_same_sweep(monkeypatch):
    """Batches are looked for from where the last ended; a sweep ends only once nothing is due from the beginning on."""
    got: list[str] = []

    def handler(subjects, now):
        if "b" in subjects:
            deadlines.schedule("test.kind", subject="behind", due_at=now - 9 * HOUR)
        got.extend(subjects)
        deadlines.finish("test.kind", subjects=subjects)

    monkeypatch.setattr(deadlines, "_kinds", {"test.kind": deadlines.Kind("test.kind", handler, 1)})
    for place, name in enumerate("abc"):
        deadlines.schedule("test.kind", subject=name, due_at=clock.now() - HOUR + timedelta(seconds=place))
    assert deadlines.sweep() == 4
    assert got == ["a", "b", "c", "behind"]


def test_scheduling_again_moves_the_open_row(handled):
    now = clock.now()
    deadlines.schedule("test.kind", subject="a", due_at=now - HOUR)
    deadlines.schedule("test.kind", subject="a", due_at=now + HOUR)
    assert deadlines.sweep() == 0
    assert Deadline.objects.count() == 1


def test_a_paused_clock_keeps_what_was_left(handled, settings):
    settings.SANDBOX = True
    deadlines.schedule("test.kind", subject="a", due_at=clock.now() + 3 * HOUR)
    deadlines.pause_all(subjects=["a"], reason="case")
    clock.advance_sandbox(timedelta(days=2))
    assert deadlines.sweep() == 0
    deadlines.resume_all(subjects=["a"])
    left = Deadline.objects.get().due_at - clock.now()
    assert timedelta(hours=2, minutes=59) < left <= 3 * HOUR
    clock.advance_sandbox(3 * HOUR)
    assert deadlines.sweep() == 1


def test_a_resumed_clock_gives_at_least_the_notice(handled):
    deadlines.schedule("test.kind", subject="a", due_at=clock.now() + timedelta(minutes=1))
    deadlines.pause_all(subjects=["a"], reason="case")
    deadlines.resume_all(subjects=["a"], at_least=24 * HOUR)
    assert Deadline.objects.get().due_at - clock.now() > 23 * HOUR


def test_one_bad_row_does_not_hold_up_the_others(monkeypatch):
    done: list[str] = []

    def handler(subjects, now):
        if "bad" in subjects:
            raise RuntimeError("bad row")
        done.extend(subjects)
        deadlines.finish("test.kind", subjects=subjects)

    monkeypatch.setattr(deadlines, "_kinds", {"test.kind": deadlines.Kind("test.kind", handler, 10)})
    for name in ("a", "bad", "b"):
        deadlines.schedule("test.kind", subject=name, due_at=clock.now() - HOUR)
    deadlines.sweep()
    assert sorted(done) == ["a", "b"]
    row = Deadline.objects.get(subject="bad")
    assert row.done_at is None
    assert "bad row" in row.error
    assert deadlines.sweep() == 0  # its lease is its pause


def test_a_dead_workers_rows_come_back_when_the_lease_is_over(monkeypatch, settings):
    settings.SANDBOX = True
    seen: list[str] = []
    monkeypatch.setattr(
        deadlines, "_kinds", {"test.kind": deadlines.Kind("test.kind", lambda subjects, now: seen.extend(subjects), 10)}
    )
    deadlines.schedule("test.kind", subject="a", due_at=clock.now() - HOUR)
    deadlines.sweep()  # the handler "dies": it never finishes the row
    assert deadlines.sweep() == 0
    clock.advance_sandbox(deadlines.LEASE + timedelta(seconds=1))
    deadlines.sweep()
    assert seen == ["a", "a"]


def test_ending_closes_one_kind_as_done_and_the_others_as_cancelled(handled):
    now = clock.now()
    deadlines.schedule_all([
        ("test.kind", "a", now), ("other", "a", now), ("other", "a:24", now), ("test.kind", "a2", now),
        ("test.kind", "b", now),
    ])  # fmt: skip
    deadlines.cancel("other", subject="a:24")
    deadlines.end("test.kind", subjects=["a", "b"], suffixes=("", ":24"))
    rows = Deadline.objects.order_by("id").values_list("subject", "outcome", "lease_until")
    assert list(rows) == [
        ("a", "done", None), ("a", "cancelled", None), ("a:24", "cancelled", None), ("a2", "", None),
        ("b", "done", None),
    ]  # fmt: skip
    assert deadlines.sweep() == 1
    assert handled == ["a2"]


def test_cancelled_rows_never_fire(handled):
    deadlines.schedule("test.kind", subject="a", due_at=clock.now() - HOUR)
    assert deadlines.cancel("test.kind", subject="a")
    assert deadlines.sweep() == 0
    assert Deadline.objects.get().outcome == "cancelled"


def test_the_clock_never_goes_back(settings):
    settings.SANDBOX = True
    with pytest.raises(ValueError, match="forward"):
        clock.advance_sandbox(timedelta(hours=-1))
    settings.SANDBOX = False
    with pytest.raises(RuntimeError):
        clock.advance_sandbox(HOUR)
