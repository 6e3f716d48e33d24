"""Sealed records: the tree is RFC 6962's, nothing is skipped, and every attack is named by ``verify.py`` alone."""

from __future__ import annotations

import base64
import json
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from pymerkle import InmemoryTree  # type: ignore[import-untyped]

import verify
from core import clock
from core.append_only import guard, unguard
from escrow import ledger
from escrow.ledger import Entry
from escrow.models import Checkpoint, Sealed, Transfer, TransferKind
from escrow.records import notes, sealer
from escrow.records.tree import LogTree
from flows import release
from flows.records import order_record
from tests.stories import buyer_of, delivered_order, fresh


def post(count: int, *, first: int = 1) -> None:
    pot, fees = ledger.accounts("escrow:CNY", "fees:CNY")
    entries = [Entry(TransferKind.RELEASE_FEE, ref, pot, fees, 100 + ref) for ref in range(first, first + count)]
    ledger.post(entries, now=clock.now())


def export(folder: Path) -> tuple[list[str], str]:
    call_command("export_records", str(folder))
    return (folder / "log.jsonl").read_text().splitlines(), (folder / "checkpoint.note").read_text()


@pytest.fixture
def keys(db) -> list[str]:
    return notes.verifier_keys()


@pytest.mark.parametrize("count", [1, 2, 3, 7, 255, 256, 257, 700])
def test_the_root_is_that_of_an_independent_tree(db, count):
    post(count)
    assert sealer.seal(now=clock.now()) == count
    other = InmemoryTree(algorithm="sha256", disable_security=False)
    from escrow.records.leaves import encode, fields_of

    for fields in fields_of(Transfer.objects.order_by("pk")):
        other.append_entry(encode(fields))
    assert bytes(Checkpoint.objects.get().root) == other.get_root()


def test_every_place_has_a_proof_and_every_older_log_is_contained(keys):
    for first in range(1, 600, 97):
        post(97, first=first)
        sealer.seal(now=clock.now())
    tree, roots = LogTree(), {row.size: bytes(row.root) for row in Checkpoint.objects.all()}
    size = max(roots)
    for seq in (0, 1, 96, 97, 255, 256, 511, size - 1):
        leaf = bytes(Sealed.objects.get(seq=seq).leaf)
        assert verify.root_from_inclusion(leaf, seq, size, tree.inclusion(seq, size)) == roots[size]
        with pytest.raises(verify.Wrong):
            verify.root_from_inclusion(leaf, seq, size, [*tree.inclusion(seq, size), leaf])
    for old in roots:
        verify.check_consistency(old, roots[old], size, roots[size], tree.consistency(old, size))
        if old != size:
            with pytest.raises(verify.Wrong, match="rewritten"):
                verify.check_consistency(old, b"x" * 32, size, roots[size], tree.consistency(old, size))


def test_sealing_again_seals_nothing_and_seals_cannot_be_changed(db):
    post(5)
    assert sealer.seal(now=clock.now(), limit=3) == 3
    assert sealer.seal(now=clock.now()) == 2
    assert sealer.seal(now=clock.now()) == 0
    assert list(Sealed.objects.order_by("seq").values_list("seq", flat=True)) == [0, 1, 2, 3, 4]
    for act in (Sealed.objects.filter(seq=1).delete, lambda: Checkpoint.objects.update(size=9)):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_without_a_key_nothing_is_sealed_and_lag_is_known(db, settings):
    post(1)
    assert sealer.is_late(clock.now() + timedelta(hours=1))
    settings.SIGNING_KEY = ""
    assert sealer.seal(now=clock.now()) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.pg
def test_a_transfer_that_commits_late_is_not_skipped():
    """Red with ``id > last`` instead of the snapshot's horizon: the late one would never be sealed."""
    ledger.accounts("escrow:CNY", "fees:CNY")
    posted, go_on = threading.Event(), threading.Event()

    def late():
        try:
            with transaction.atomic():
                post(1, first=1)
                posted.set()
                go_on.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=late)
    thread.start()
    assert posted.wait(10)
    post(3, first=10)
    assert sealer.seal(now=clock.now()) == 0  # they wait behind the one that may still commit
    go_on.set()
    thread.join()
    end, sealed = time.monotonic() + 60, 0
    while sealed < 4 and time.monotonic() < end:  # other tests' transactions hold the horizon
        sealed += sealer.seal(now=clock.now())
        time.sleep(0.1)
    assert sealed == 4


def test_an_orders_record_is_good_before_and_after_sealing(keys):
    order = delivered_order()
    release.confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())
    make = lambda: order_record(fresh(order), now=clock.now())  # noqa: E731
    early = verify.check_record(make(), keys)
    assert early["count"] == 3 and all(one["seq"] is None and one["sealed_by"] for one in early["receipts"])
    sealer.seal(now=clock.now())
    post(300, first=5_000_000)  # far from every row that other tests have numbered
    sealer.seal(now=clock.now())
    late = verify.check_record(make(), keys)
    assert [one["seq"] for one in late["receipts"]] == [0, 1, 2]
    with pytest.raises(verify.Wrong, match="none of the given keys"):
        verify.check_record(make(), ["other/ledger+00000000+" + base64.b64encode(b"\x01" + b"0" * 32).decode()])
    altered = make()
    altered["payload"] = altered["payload"].replace('"amount":"', '"amount":"9')
    with pytest.raises(verify.Wrong, match="altered after it was signed"):
        verify.check_record(altered, keys)


def _row(lines: list[str], place: int, **changes: str) -> list[str]:
    row = json.loads(lines[place])
    row["transfer"].update(changes)
    row["leaf"] = verify.leaf_of(row["transfer"]).hex()
    return [*lines[:place], json.dumps(row), *lines[place + 1 :]]


def _renumbered(lines: list[str]) -> list[str]:
    return [json.dumps({**json.loads(line), "seq": seq}) for seq, line in enumerate(lines)]


ATTACKS = {
    "an amount": (lambda log: [*log[:2], log[2].replace('"amount": "103"', '"amount": "903"'), *log[3:]], "altered"),
    "an amount and its seal": (lambda log: _row(log, 2, amount="903"), "altered, added or swapped"),
    "a row is gone": (lambda log: [*log[:2], *log[3:]], "missing"),
    "a row is gone and the rest renumbered": (lambda log: _renumbered([*log[:2], *log[3:]]), "cut off"),
    "two rows swapped": (lambda log: _renumbered([log[1], log[0], *log[2:]]), "altered, added or swapped"),
    "one put in between": (lambda log: _renumbered([*log[:2], _row(log, 2, id="99")[2], *log[2:]]), "added or swapped"),
    "one written twice": (lambda log: _renumbered([*log[:2], log[1], *log[2:]]), "twice"),
    "the end cut off": (lambda log: log[:-1], "cut off"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_on_the_log_is_found_and_named(keys, tmp_path, attack):
    post(6)
    sealer.seal(now=clock.now())
    log, note = export(tmp_path)
    assert verify.check_log(log, [note], keys) == 6
    change, name = ATTACKS[attack]
    with pytest.raises(verify.Wrong, match=name):
        verify.check_log(change(log), [note], keys)


def test_a_fork_signed_anew_is_found(keys, tmp_path):
    post(6)
    sealer.seal(now=clock.now())
    log, note = export(tmp_path)
    forged = notes.checkpoint(size=6, root=b"f" * 32)
    with pytest.raises(verify.Wrong, match="forked"):
        verify.check_log(log, [note, forged], keys)


def test_a_change_in_the_database_itself_is_found(keys, tmp_path):
    post(6)
    sealer.seal(now=clock.now())
    _, note = export(tmp_path / "before")
    unguard(connection, "escrow_transfer")
    Transfer.objects.filter(ref=3).update(amount=999_999)
    guard(connection, "escrow_transfer")
    log, _ = export(tmp_path / "after")
    with pytest.raises(verify.Wrong, match="transfer 2 was altered"):
        verify.check_log(log, [note], keys)


def test_the_command_line_says_good_or_wrong(keys, tmp_path, capsys):
    post(6)
    sealer.seal(now=clock.now())
    export(tmp_path)
    given = ["--key", keys[0], "log", str(tmp_path / "log.jsonl"), str(tmp_path / "checkpoint.note")]
    assert verify.main(given) == 0
    assert "GOOD: 6 transfers" in capsys.readouterr().out
    (tmp_path / "log.jsonl").write_text("nonsense")
    assert verify.main(given) == 1
    assert "WRONG" in capsys.readouterr().out


@pytest.mark.pg
def test_after_a_restore_a_new_epoch_begins_and_nothing_is_skipped(db):
    """On a new server transactions are numbered from the start, far below the numbers that the restored rows carry."""
    post(1)
    leaf = b"l" * 32
    Sealed.objects.create(seq=0, transfer_id=Transfer.objects.get().pk, leaf=leaf)
    Checkpoint.objects.create(
        size=1, root=leaf, note="", epoch=0, system="the old server", last_txid=10**12, at=clock.now()
    )
    columns = "kind, ref, leg, debit_id, credit_id, currency, amount, at"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO escrow_transfer ({columns}, txid) "
            "SELECT kind, 77, leg, debit_id, credit_id, currency, amount, at, '1000000000005' FROM escrow_transfer"
        )
    post(2, first=100)
    assert sealer.seal(now=clock.now()) == 3
    newest = Checkpoint.objects.latest("size")
    assert (newest.size, newest.epoch) == (4, 1) and newest.last_txid < 10**12
    post(1, first=200)
    assert sealer.seal(now=clock.now()) == 1
    assert Checkpoint.objects.latest("size").epoch == 1
    assert sealer.waiting_since() is None
