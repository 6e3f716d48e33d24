"""Anchors outside: a mail a day with the newest checkpoint, which the program for everybody accepts."""

from __future__ import annotations

import json
import smtplib
from datetime import timedelta
from pathlib import Path

import pytest

import verify
from accounts.models import OutgoingMessage
from core import clock
from escrow.models import Checkpoint
from escrow.records import anchors, checkpoints, notes, sealer
from escrow.tasks import mail_anchor
from tests.escrow.test_records import post

pytestmark = pytest.mark.django_db
TO = "books@elsewhere.example"


@pytest.fixture(autouse=True)
def wanted(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.ANCHOR_MAIL_TO = [TO]


def seal(count: int, *, first: int) -> Checkpoint:
    post(count, first=first)
    sealer.seal(now=clock.now())
    newest = checkpoints.latest()
    assert newest is not None
    return newest


def run(*args: str) -> int:
    return verify.main(["--key", notes.verifier_key(), *args])


def test_once_a_day_the_newest_checkpoint_leaves(mailoutbox):
    newest = seal(5, first=1)
    mail_anchor()
    mail_anchor()
    assert [mail.to for mail in mailoutbox] == [[TO]]
    assert newest.note in mailoutbox[0].body
    assert "5" in mailoutbox[0].subject
    with clock.at(clock.now() + timedelta(days=1)):
        seal(3, first=10)
        assert anchors.mail(now=clock.now()) == 1
        assert anchors.mail(now=clock.now()) == 0
    assert len(mailoutbox) == 2


def test_everybody_who_wants_it_gets_his_own(mailoutbox, settings):
    settings.ANCHOR_MAIL_TO = [TO, "audit@third.example"]
    seal(1, first=1)
    assert anchors.mail(now=clock.now()) == 2
    assert sorted(mail.to[0] for mail in mailoutbox) == ["audit@third.example", TO]


def test_nobody_no_key_or_no_log_means_no_mail(mailoutbox, settings):
    assert anchors.mail(now=clock.now()) == 0
    seal(1, first=1)
    settings.ANCHOR_MAIL_TO = []
    assert anchors.mail(now=clock.now()) == 0
    settings.ANCHOR_MAIL_TO, settings.SIGNING_KEY = [TO], ""
    assert anchors.mail(now=clock.now()) == 0
    assert not mailoutbox


def test_a_mail_that_did_not_leave_is_sent_by_the_next_tick(mailoutbox, monkeypatch):
    seal(1, first=1)
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", refuse)
        with pytest.raises(OSError, match="no server"):
            anchors.mail(now=clock.now())
    assert not OutgoingMessage.objects.get().sent_at
    assert anchors.mail(now=clock.now()) == 1
    assert len(mailoutbox) == 1


def refuse(mail) -> None:
    raise smtplib.SMTPServerDisconnected("no server")


def test_a_kept_mail_proves_that_nothing_was_rewritten(mailoutbox, tmp_path: Path, capsys):
    old = seal(5, first=1)
    mail_anchor()
    new = seal(40, first=10)
    both = tmp_path / "both.json"
    both.write_text(json.dumps(checkpoints.consistency(old=old.size, new=new.size)))
    whole, text, crlf = tmp_path / "mail.eml", tmp_path / "mail.txt", tmp_path / "crlf.txt"
    whole.write_bytes(mailoutbox[0].message().as_bytes())
    text.write_text(mailoutbox[0].body)
    crlf.write_bytes(mailoutbox[0].body.replace("\n", "\r\n").encode())
    broken = tmp_path / "paper.txt"
    broken.write_text(old.note.replace("ledger Z", "ledger \n  Z").replace("ledger ", "ledger\n", 1))
    for kept in (whole, text, crlf, broken):
        assert run("consistency", str(both), str(kept)) == 0, capsys.readouterr().out
    assert "begins with" in capsys.readouterr().out


def test_a_kept_mail_betrays_another_history(mailoutbox, tmp_path: Path, capsys):
    """What the mail is for: database and key in the wrong hands sign a history that the mail contradicts."""
    seal(5, first=1)
    mail_anchor()
    kept, both = tmp_path / "mail.txt", tmp_path / "both.json"
    kept.write_text(mailoutbox[0].body)
    forged = [notes.checkpoint(size=size, root=bytes([size]) * 32) for size in (5, 5)]
    both.write_text(json.dumps({"old": forged[0], "new": forged[1], "proof": []}))
    assert run("consistency", str(both)) == 0  # by itself it looks right
    assert run("consistency", str(both), str(kept)) == 1
    assert "forked" in capsys.readouterr().out


def test_a_kept_text_must_be_of_this_log_and_of_one_of_its_states(tmp_path: Path, capsys):
    old, new = seal(3, first=1), seal(4, first=10)
    both = tmp_path / "both.json"
    both.write_text(json.dumps(checkpoints.consistency(old=old.size, new=new.size)))
    kept = tmp_path / "kept.txt"
    for text, said in (
        (notes.checkpoint(size=2, root=b"x" * 32), "ask the shop for the proof from that size on"),
        (notes.sign(f"other/ledger\n3\n{old.root_text}\n"), "another log"),
        ("nothing signed here", "no signed checkpoint"),
        (old.note.replace("\n3\n", "\n4\n"), "altered"),
    ):
        kept.write_text(text)
        assert run("consistency", str(both), str(kept)) == 1
        assert said in capsys.readouterr().out


def test_an_exported_log_is_checked_against_a_mail(mailoutbox, tmp_path: Path, capsys):
    from django.core.management import call_command

    seal(5, first=1)
    mail_anchor()
    kept = tmp_path / "mail.eml"
    kept.write_bytes(mailoutbox[0].message().as_bytes())
    call_command("export_records", str(tmp_path))
    assert run("log", str(tmp_path / "log.jsonl"), str(kept)) == 0
    assert "5 transfers" in capsys.readouterr().out


def test_the_checkpoint_names_its_root_as_its_note_does():
    newest = seal(2, first=1)
    assert newest.note.splitlines()[2] == newest.root_text
