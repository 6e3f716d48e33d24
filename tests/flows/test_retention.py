"""What the nightly purge deletes, and what it leaves (ASVS 14.2.7)."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import (
    ApiToken,
    Challenge,
    Device,
    Incident,
    LoginEvent,
    Notice,
    OutgoingMessage,
    QRLogin,
    SignInChange,
)
from accounts.states import IncidentStatus
from core import checks, outbox, retention, sealed_orphans, tasks
from core.antivirus import quarantine
from core.models import Deadline, Delivery, Job, OutboxEvent
from core.sealed_files import store_sealed
from flows.retention import NIGHTLY, WORDS
from shop.models import Cart, StoreDocument, StoreInvitation
from tests.factories.accounts import UserFactory
from tests.factories.shop import StoreFactory
from tests.stories import settle
from tests.vetting import begun, paper

pytestmark = pytest.mark.django_db


def ago(days):
    return timezone.now() - timedelta(days=days)


def purge():
    return retention.purge_all(now=timezone.now())


def login(user, days):
    return LoginEvent.objects.create(user_id=user.pk, at=ago(days), outcome="in")


def challenge(user, days):
    at = ago(days)
    return Challenge.objects.create(user=user, purpose="login", channel="sms", created_at=at, expires_at=at)


def message(days):
    return OutgoingMessage.objects.create(channel="sms", to="+8613800000000", body="x", created_at=ago(days))


def test_asvs_14_2_7_every_class_has_its_days_its_words_and_its_purge():
    assert set(settings.KEEP_DAYS) == set(NIGHTLY) == set(WORDS)
    page = (settings.BASE_DIR / "docs" / "security.md").read_text(encoding="utf-8")
    for row in retention.table():
        assert f"| {row.what} | {row.how_long} |" in page


def test_logins_and_challenges_are_kept_a_year_and_never_less_than_180_days(settings):
    user = UserFactory()
    old, young = login(user, 366), login(user, 364)
    challenge(user, 366), challenge(user, 364)
    purge()
    assert list(LoginEvent.objects.values_list("pk", flat=True)) == [young.pk]
    assert Challenge.objects.count() == 1
    settings.KEEP_DAYS = {**settings.KEEP_DAYS, "logins": 30, "challenges": 30}
    assert {fault.id for fault in checks.records_are_kept()} == {"core.E020"}
    with pytest.raises(IntegrityError), transaction.atomic():
        login(user, 100).__class__.objects.filter(at__gt=ago(179)).delete()
    assert old.pk != young.pk


def test_the_database_refuses_to_delete_young_logins_and_changes_and_to_alter_any():
    user = UserFactory()
    login(user, 179), login(user, 181)
    SignInChange.objects.create(user=user, what="phone", old_value="1", at=ago(10))
    for rows in (LoginEvent.objects.filter(at__gt=ago(180)), SignInChange.objects.all()):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        LoginEvent.objects.filter(at__lt=ago(180)).update(outcome="out")
    assert LoginEvent.objects.filter(at__lt=ago(180)).delete()[0] == 1


def test_the_records_of_who_has_an_open_incident_stay():
    user = UserFactory()
    login(user, 400), challenge(user, 400)
    row = Incident.objects.create(user=user, opened_by=user.pk, opened_at=ago(1))
    purge()
    assert LoginEvent.objects.count() == Challenge.objects.count() == 1
    Incident.objects.filter(pk=row.pk).update(status=IncidentStatus.CLOSED, closing="ok", closed_at=ago(0))
    purge()
    assert not LoginEvent.objects.exists() and not Challenge.objects.exists()


def test_old_notices_messages_tokens_invitations_carts_jobs_and_sessions_go_and_young_ones_stay():
    user, store = UserFactory(), StoreFactory()
    for days, key in ((366, "a"), (10, "b")):
        at = ago(days)
        Notice.objects.create(user=user, kind="x", key=key, subject="s", body="b", created_at=at, read_at=at)
    Notice.objects.create(user=user, kind="x", key="c", subject="s", body="b", created_at=ago(400))
    Notice.objects.create(user=user, kind="x", key="d", subject="s", body="b", created_at=ago(731))
    message(181), message(1)
    for days in (366, 1):
        ApiToken.objects.create(user=user, store_id=store.pk, name="t", digest=str(days), created_at=ago(days),
                                revoked_at=ago(days))  # fmt: skip
        Device.objects.create(user=user, token_hash="x", created_at=ago(days), last_seen_at=ago(days),
                              trusted_until=ago(days), verified_by="sms")  # fmt: skip
        QRLogin.objects.create(session_hash="x", digits="12", created_at=ago(days), expires_at=ago(days))
        StoreInvitation.objects.create(store=store, role="shipper", email=f"{days}@x.example", invited_by=user.pk,
                                       invited_at=ago(days), expires_at=ago(days), status="revoked")  # fmt: skip
        Job.objects.create(kind="x", owner_id=user.pk, created_at=ago(days))
        Deadline.objects.create(kind="x", subject=str(days), due_at=ago(days), done_at=ago(days))
        Session.objects.create(session_key=f"k{days}", session_data="", expire_date=ago(days))
        Cart.objects.create(token=f"t{days}")
    Deadline.objects.create(kind="x", subject="open", due_at=ago(900))
    Cart.objects.filter(token="t366").update(updated_at=ago(91))
    member_cart = Cart.objects.create(user=user)
    Cart.objects.filter(pk=member_cart.pk).update(updated_at=ago(900))
    purge()
    assert sorted(Notice.objects.values_list("key", flat=True)) == ["b", "c"]
    for model in (OutgoingMessage, ApiToken, Device, QRLogin, StoreInvitation, Job):
        assert model.objects.count() == 1, model
    assert set(Deadline.objects.values_list("subject", flat=True)) == {"1", "open"}
    assert not Session.objects.exists()
    assert set(Cart.objects.values_list("token", flat=True)) == {"t1", None}


def test_events_go_once_everybody_was_told_and_what_was_given_up_stays():
    told, owed, given_up = (OutboxEvent.objects.create(name="x", at=ago(91), owes=owes) for owes in ("", "a.b", ""))
    Delivery.objects.create(event=told, reaction="a.b", due_at=ago(91), done_at=ago(91))
    Delivery.objects.create(event=given_up, reaction="a.b", due_at=ago(91), dead_at=ago(91))
    purge()
    assert set(OutboxEvent.objects.values_list("pk", flat=True)) == {owed.pk, given_up.pk}
    assert outbox is not None


def test_a_purge_works_in_batches_to_the_end_and_may_come_twice(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    for _ in range(10):
        message(200)
    assert purge()["messages"] == 10
    assert purge()["messages"] == 0


def test_a_class_that_fails_keeps_no_other_from_its_turn(monkeypatch):
    def breaks(before, limit):
        raise OSError

    rows = [retention.Kept(what="x", days="logins", purge=breaks), *retention.table()]
    monkeypatch.setattr(retention, "_table", rows)
    message(200)
    assert purge()["messages"] == 1


def test_a_sandbox_clock_that_runs_ahead_deletes_nothing_early():
    login(UserFactory(), 1)
    retention.purge_all(now=timezone.now() + timedelta(days=5000))
    assert LoginEvent.objects.count() == 1


def test_quarantined_files_go_after_a_month():
    for virus in (b"virus", b"virus 2"):
        quarantine(BytesIO(virus), found="Eicar")
    first = sorted(Path(settings.QUARANTINE_ROOT).glob("*.json"))[0]
    note = json.loads(first.read_text())
    first.write_text(json.dumps({**note, "at": ago(31).isoformat()}))
    assert purge()["quarantine"] == 1
    assert not first.exists()
    assert not (Path(settings.SEALED_ROOT) / note["path"]).exists()
    assert len(list(Path(settings.QUARANTINE_ROOT).glob("*.json"))) == 1


def test_a_note_of_the_quarantine_that_was_cut_short_keeps_no_other_from_its_turn(lonely, caplog):
    quarantine(BytesIO(b"virus"), found="Eicar")
    good = next(iter(Path(settings.QUARANTINE_ROOT).glob("*.json")))
    good.write_text(json.dumps({**json.loads(good.read_text()), "at": ago(31).isoformat()}))
    for name, text in (("0", "{"), ("00", ""), ("000", "[]"), ("0000", '{"at": "x", "path": 1}')):
        (Path(settings.QUARANTINE_ROOT) / f"{name}.json").write_text(text)
    assert purge()["quarantine"] == 1 and not good.exists()
    assert caplog.text.count("cannot be read") == 4


def test_many_young_infected_files_hide_no_old_one(lonely, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 1)
    quarantine(BytesIO(b"virus"), found="Eicar")
    old = next(iter(Path(settings.QUARANTINE_ROOT).glob("*.json")))
    note = json.loads(old.read_text())
    for n in range(12):
        (Path(settings.QUARANTINE_ROOT) / f"0{n}.json").write_text(json.dumps(note))
    old.write_text(json.dumps({**note, "at": ago(31).isoformat()}))
    old.rename(old.with_name("zz.json"))
    assert purge()["quarantine"] == 1


# --- sealed files without a row, rows without a file ------------------------------------------------------------------


@pytest.fixture
def lonely(settings, tmp_path):
    settings.SEALED_ROOT, settings.QUARANTINE_ROOT = tmp_path / "sealed", tmp_path / "sealed" / "quarantine"


def stray() -> str:
    return store_sealed(stream=BytesIO(b"x"), place="nowhere", max_bytes=10).path


def run(*flags):
    out = StringIO()
    try:
        call_command("sealed_orphans", *flags, stdout=out)
    except SystemExit as ended:
        return ended.code, out.getvalue()
    return 0, out.getvalue()


def test_a_sealed_file_without_a_row_is_named_and_taken_away(lonely, monkeypatch):
    store = begun().store
    row, path = paper(store), stray()
    quarantine(BytesIO(b"virus"), found="Eicar")
    assert run() == (0, "Every sealed file has its row, and every row its file.\n"), "young ones are let be"
    monkeypatch.setattr(sealed_orphans, "YOUNG_SECONDS", -1)
    assert run() == (1, f"no row names the file {path}\n")
    assert run("--delete")[0] == 0
    assert not (Path(settings.SEALED_ROOT) / path).exists()
    assert (Path(settings.SEALED_ROOT) / row.path).exists()
    assert run()[0] == 0


@pytest.mark.parametrize("words", ["", "[]", "{}", "null", "\udcff"])
def test_while_a_note_of_the_quarantine_cannot_be_read_no_file_is_taken_away(lonely, monkeypatch, words):
    """The file it was about looks like nobody's: seen taken away, and seen to stop the whole search, before."""
    monkeypatch.setattr(sealed_orphans, "YOUNG_SECONDS", -1)
    path = stray()
    note = Path(settings.QUARANTINE_ROOT) / "broken.json"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_bytes(words.encode("utf-8", "surrogateescape"))
    code, said = run("--delete")
    assert (code, "broken.json of the quarantine cannot be read" in said) == (1, True)
    assert (Path(settings.SEALED_ROOT) / path).exists()
    with pytest.raises(sealed_orphans.UnreadNote):
        sealed_orphans.drop((path,))
    note.unlink()
    assert run("--delete")[0] == 0
    assert not (Path(settings.SEALED_ROOT) / path).exists()


def test_a_row_without_its_file_is_named_and_the_night_reports_it(lonely, caplog):
    row = paper(begun().store)
    (Path(settings.SEALED_ROOT) / row.copy_path).unlink()
    code, said = run()
    assert code == 1
    assert f"the file of shop.StoreDocument.copy_key.{row.pk} is missing: {row.copy_path}" in said
    with caplog.at_level("WARNING", logger="security"):
        tasks.purge()
    found = next(record for record in caplog.records if record.message == "files.orphaned")
    assert found.facts == {"strays": 0, "missing": 1, "unread": 0}


def test_a_removed_document_has_neither_file_nor_key(lonely):
    store = begun().store
    first = paper(store)
    paper(store)
    settle()
    gone = StoreDocument.objects.get(pk=first.pk)
    assert (gone.status, gone.path, gone.key) == ("removed", "", None)
    assert not (Path(settings.SEALED_ROOT) / first.path).exists()
    assert not sealed_orphans.find().are_any
