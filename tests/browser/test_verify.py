"""The check of a record in a real browser: good is called good, each attack is named, and no word is the server's."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from core import clock
from escrow.records import custody, sealer
from flows.records import order_record
from tests.stories import fresh, paid_order


@pytest.fixture
def record(db, settings):
    order = paid_order()
    sealer.seal(now=clock.now())
    custody.prove(now=clock.now())
    with clock.at(clock.now() + timedelta(days=1)):  # so that the day is counted
        paid_order(buyer=order.buyer)
        sealer.seal(now=clock.now())
        return json.dumps(order_record(fresh(order), now=clock.now()))


def checked(me, text: str, key: str = "") -> str:
    me.page.fill("#record", text)
    if key:
        me.page.fill("#key", key)
    me.page.evaluate("document.querySelector('[data-verify-result]').replaceChildren()")
    me.page.click("[data-verify] button[type=submit]")
    return str(me.page.locator("[data-verify-result] .callout").inner_text())


def test_a_browser_checks_a_record_by_itself(visit, record, tmp_path):
    me = visit("verify", language="en-US", width=390)
    me.open(reverse("escrow:verify"), shot="verify")
    me.page.context.set_offline(True)
    asked: list[str] = []
    me.page.on("request", lambda request: asked.append(request.url))
    (tmp_path / "record.json").write_text(record)
    me.page.set_input_files("#file", tmp_path / "record.json")
    expect(me.page.locator("#record")).not_to_have_value("")  # a function to wait for is a text, which our CSP refuses
    good = checked(me, me.page.input_value("#record"))
    assert "Everything in this record is as it was signed." in good
    assert "movements of money 1, of them in the signed log 1" in good and "Custody: ¥" in good
    assert asked == [], "nothing is sent anywhere"
    for text, words in attacks(record):
        assert words in checked(me, text), words
    assert "None of these keys" in checked(
        me, record, "other/ledger+00000000+AUhlbGxvIGhlbGxvIGhlbGxvIGhlbGxvIGhlbGxvISE="
    )
    me.page.context.set_offline(False)


def test_what_a_record_says_is_told_in_the_readers_language(visit, record):
    me = visit("verify", language="zh-CN", width=390)
    me.open(reverse("escrow:verify"))
    good = checked(me, record)
    assert "订单" in good and "order" not in good


def attacks(record: str):
    whole = json.loads(record)
    yield record.replace("CAPTURE", "REFUND"), "altered after it was signed"
    yield (
        json.dumps({**whole, "signature": whole["signature"].replace("tashi-record-v1\n", "tashi-record-v1\n0")}),
        "altered",
    )
    yield json.dumps({**whole, "signature": ""}), "no signature"
    yield json.dumps({**whole, "format": "x"}), "no record of ours"
    yield record[:200], "cannot be read"


def test_a_browser_says_which_piece_of_evidence_a_file_is(visit, record, tmp_path):
    from tests.escrow.test_records_doors import sign

    kept = b"a picture as it is kept"
    piece = {"what": "pack photo", "by": "merchant", "of": "TS1", "sha256": "0" * 64}
    said = json.loads(json.loads(record)["payload"])
    said["evidence"] = [{**piece, "kept_sha256": hashlib.sha256(kept).hexdigest()}]
    me = visit("verify", language="en-US", width=390)
    me.open(reverse("escrow:verify"))
    (tmp_path / "001.webp").write_bytes(kept)
    (tmp_path / "002.webp").write_bytes(kept + b"!")
    me.page.set_input_files("#pieces", [tmp_path / "001.webp"])
    good = checked(me, json.dumps(sign(said)))
    assert "001.webp is on record: pack photo of TS1, brought by the merchant." in good
    assert me.page.locator("[data-verify-result] .tone-safe").count() == 1
    me.page.set_input_files("#pieces", [tmp_path / "001.webp", tmp_path / "002.webp"])
    bad = checked(me, json.dumps(sign(said)))
    assert "002.webp is not on record, or was altered." in bad
    assert "not every file is on it" in bad
    assert me.page.locator("[data-verify-result] .tone-danger").count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda said: said["receipts"].clear(), "missing from it"),
        (lambda said: said["receipts"][0].update(of=2), "missing from it"),
        (lambda said: said["receipts"][0]["transfer"].update(amount="1"), "not the one that was sealed"),
        (lambda said: said["receipts"][0].update(seq=1), "not in the signed log"),
        (lambda said: said["receipts"][0].update(proof=[]), "not in the signed log"),
        (lambda said: said["receipts"][0]["day"].update(number=2), "counted on its day"),
        (lambda said: said["custody"].update(minor="1"), "was not counted"),
        (lambda said: said["custody"].update(order="2"), "was not counted"),
    ],
)
def test_a_lie_that_we_sign_ourselves_is_found_in_the_browser(visit, record, change, words):
    from tests.escrow.test_records_doors import sign

    said = json.loads(json.loads(record)["payload"])
    change(said)
    me = visit("verify", language="en-US", width=390)
    me.open(reverse("escrow:verify"))
    assert words in checked(me, json.dumps(sign(said)))


def test_the_proof_of_custody_is_a_page(visit, record):
    for language in ("zh-CN", "en-US"):
        visit("custody", language=language, width=390).open(reverse("escrow:custody"), shot="custody")
