"""The audit trail betrays whoever changes it behind the triggers' back."""

from __future__ import annotations

import base64
import io
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from core import audit, audit_seal, clock
from core.actor import SYSTEM
from core.append_only import guard, unguard
from core.models import AuditEntry, AuditMark, AuditSeal

pytestmark = pytest.mark.django_db
ENTRIES, SEALS = "core_auditentry", "core_auditseal"


def write(count: int) -> list[int]:
    for number in range(count):
        audit.record(
            actor=SYSTEM, act="test.done", subject_type="thing", subject=str(number), reason="because 因为",
            facts={"amount": number, "deep": {"b": 1.5, "a": None}},
        )  # fmt: skip
    return list(AuditEntry.objects.order_by("-id").values_list("id", flat=True)[:count])[::-1]


def seal_all(*, limit: int = 2_000) -> int:
    """Seal as the ticks do: on PostgreSQL the first look only remembers how far things have come."""
    AuditMark.objects.update(seen_at=clock.now() - timedelta(hours=1), horizon=0)
    done = 0
    for _ in range(2):
        while made := audit_seal.seal(now=clock.now(), limit=limit):
            done += made
        AuditMark.objects.update(seen_at=clock.now() - timedelta(hours=1), horizon=0)
    return done


@contextmanager
def behind_the_triggers(table: str = ENTRIES) -> Iterator[None]:
    """As somebody does who owns the tables: takes the triggers off and puts them back."""
    unguard(connection, table)
    try:
        yield
    finally:
        guard(connection, table)


def found() -> list[str]:
    return [str(one) for one in audit_seal.breaks()]


@pytest.fixture
def trail() -> list[int]:
    ids = write(10)
    seal_all(limit=4)
    assert AuditSeal.objects.count() >= 3
    assert found() == []
    return ids


def test_sealing_again_seals_only_what_is_new(trail):
    assert audit_seal.seal(now=clock.now()) == 0
    write(3)
    assert seal_all() == 3
    assert found() == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("reason", "another"), ("facts", '{"amount": 9}'), ("act", "test.other"), ("subject", "77"),
     ("at", "2020-01-01 00:00:00+00:00"), ("user_id", "7d1b1f2e000040008000000000000000")],
)  # fmt: skip
def test_asvs_16_4_2_a_row_edited_behind_the_triggers_is_named(trail, column, value):
    with behind_the_triggers(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {ENTRIES} SET {column} = %s WHERE id = %s", [value, trail[5]])
    assert found() == [f"altered entry {trail[5]}"]
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("audit_check", stdout=out)
    assert ended.value.code == 1
    assert f"first: altered entry {trail[5]}" in out.getvalue()


def test_asvs_16_4_2_a_row_taken_away_is_named(trail):
    with behind_the_triggers():
        AuditEntry.objects.filter(pk=trail[2]).delete()
    assert found() == [f"missing entry {trail[2]}"]


def test_asvs_16_4_2_a_row_slipped_into_a_gap_is_named(trail):
    gap = trail[-1] + 1
    with transaction.atomic():
        entry = AuditEntry.objects.get(pk=trail[0])
        entry.pk = gap + 1
        entry.save(force_insert=True)
    seal_all()
    entry.pk = gap
    entry.save(force_insert=True)
    assert found() == [f"entry slipped in {gap}"]


def test_asvs_16_4_2_who_has_no_key_cannot_seal_anew(trail, settings):
    """The row, the digests and the whole chain after it made to fit: the signature does not."""
    ours = settings.SIGNING_KEY
    settings.SIGNING_KEY = base64.b64encode(os.urandom(32)).decode()
    with behind_the_triggers(), behind_the_triggers(SEALS):
        AuditEntry.objects.filter(pk=trail[5]).update(reason="another")
        AuditSeal.objects.all().delete()
        AuditMark.objects.all().delete()
        seal_all(limit=4)
    assert found() == []
    settings.SIGNING_KEY = ours
    assert found()[0].startswith("broken seal")


def test_asvs_16_4_2_a_seal_that_was_changed_is_named(trail):
    second = AuditSeal.objects.order_by("id")[1]
    with behind_the_triggers(SEALS):
        AuditSeal.objects.filter(pk=second.pk).update(digest=bytes(32))
    assert f"broken seal {second.pk}" in found()


def test_asvs_16_4_2_a_cut_off_end_contradicts_a_head_kept_elsewhere(trail):
    head = audit_seal.newest_head()
    last = AuditSeal.objects.order_by("-id")[0]
    with behind_the_triggers(), behind_the_triggers(SEALS):
        AuditEntry.objects.filter(pk__gte=last.from_id).delete()
        last.delete()
    assert found() == [], "the rest is whole by itself"
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("audit_check", head=head, stdout=out)
    assert "expected head" in out.getvalue()


def test_a_head_kept_elsewhere_is_part_of_what_came_after(trail):
    head = audit_seal.newest_head()
    write(2)
    seal_all()
    call_command("audit_check", head=head, stdout=io.StringIO())


def test_triggers_that_were_left_off_are_named(trail):
    unguard(connection, ENTRIES)
    try:
        assert "triggers" in found()[0]
    finally:
        guard(connection, ENTRIES)


def test_neither_entries_nor_seals_can_be_changed_in_front_of_the_triggers(trail):
    for model in (AuditEntry, AuditSeal):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            model.objects.all().delete()


def test_a_retired_key_still_proves_its_seals(trail, settings):
    from escrow.records import notes

    old = notes.verifier_key()
    settings.SIGNING_KEY = base64.b64encode(os.urandom(32)).decode()
    assert found()
    settings.RETIRED_SIGNING_KEYS = [old]
    assert found() == []
    write(1)
    seal_all()
    assert found() == []


def test_without_a_key_nothing_is_sealed_and_nothing_breaks(settings):
    settings.SIGNING_KEY = ""
    write(2)
    assert seal_all() == 0
    assert found() == []
    assert not audit_seal.is_late(clock.now() + timedelta(days=1))


def test_entries_that_wait_too_long_ring():
    write(1)
    assert not audit_seal.is_late(clock.now())
    assert audit_seal.is_late(clock.now() + timedelta(hours=2))
    seal_all()
    assert not audit_seal.is_late(clock.now() + timedelta(hours=2))


def test_the_nightly_check_tells_the_security_log(trail, caplog):
    from core.tasks import check_audit

    check_audit()
    assert "audit.broken" not in caplog.text
    with behind_the_triggers():
        AuditEntry.objects.filter(pk=trail[0]).update(reason="another")
    check_audit()
    assert "audit.broken" in caplog.text


def test_the_daily_mail_says_the_head(trail):
    from escrow.records import anchors
    from tests.escrow.test_anchors import seal

    assert audit_seal.newest_head() in anchors._body(seal(1, first=1))


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_late_is_sealed_and_not_taken_for_a_forgery():
    """Seen red with ``_settled`` answering the highest id at once: the late one was "slipped in" (PostgreSQL)."""
    drawn, go = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            write(1)
            drawn.set()
            assert go.wait(10)
        connection.close()

    slow = threading.Thread(target=late)
    slow.start()
    assert drawn.wait(10)
    write(3)  # higher numbers, committed first
    for _ in range(3):
        AuditMark.objects.update(seen_at=clock.now() - timedelta(hours=1))
        audit_seal.seal(now=clock.now())
    go.set()
    slow.join()
    deadline = time.monotonic() + 60  # transactions of other tests on this server hold the seals back as well
    while sum(AuditSeal.objects.values_list("count", flat=True)) < 4 and time.monotonic() < deadline:
        AuditMark.objects.update(seen_at=clock.now() - timedelta(hours=1))
        audit_seal.seal(now=clock.now())
        time.sleep(0.05)
    assert found() == []
    assert sum(AuditSeal.objects.values_list("count", flat=True)) == 4
