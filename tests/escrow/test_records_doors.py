"""The doors to the records: receipts and records for the parties alone, the log for everybody, alarms for staff."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.urls import reverse

import verify
from core import clock
from core.money import Money
from disputes.models import Evidence
from escrow.models import Transfer, TransferKind
from escrow.records import checkpoints, notes, sealer
from flows import aftersale, release
from tests.factories.accounts import UserFactory
from tests.pictures import upload
from tests.stories import buyer_of, delivered_order, open_case, paid_order

pytestmark = pytest.mark.django_db
PROGRAM = Path(verify.__file__)


@pytest.fixture
def order(db):
    return delivered_order()


def fetch(client, person, path):
    client.force_login(person)
    return client.get(path, headers={"accept-language": "en"})


def record(client, order) -> dict:
    return fetch(client, order.buyer, f"/orders/{order.number}/record.json").json()


def seal_later(days: int = 0) -> None:
    with clock.at(clock.now() + timedelta(days=days)):
        sealer.seal(now=clock.now())


def test_both_parties_get_the_same_record_and_nobody_else(client, order):
    seal_later()
    mine = fetch(client, order.buyer, f"/orders/{order.number}/record.json")
    theirs = fetch(client, order.store.owner, f"/merchant/orders/{order.number}/record.json")
    assert mine["Content-Disposition"] == f'attachment; filename="{order.number}.json"'
    one, two = (verify.check_record(answer.json(), notes.verifier_keys()) for answer in (mine, theirs))
    assert {**one, "made_at": ""} == {**two, "made_at": ""}
    assert [event["act"] for event in one["events"]][:2] == ["order.placed", "order.paid"]
    assert fetch(client, UserFactory(), f"/orders/{order.number}/record.json").status_code == 404


def test_a_record_holds_the_hashes_of_the_evidence_and_no_private_words(client, order):
    case = open_case(order)
    aftersale.add_evidence(
        case_id=case.pk, file=upload(), shows="A secret crack.", actor=buyer_of(order), now=clock.now()
    )
    payload = record(client, order)["payload"]
    hashes = [one["sha256"] for one in json.loads(payload)["evidence"] if one["what"] == "evidence"]
    assert hashes == list(Evidence.objects.exclude(sha256="").values_list("sha256", flat=True)) and hashes
    for private in ("secret crack", order.address["phone"], order.address["street"], order.buyer.email):
        assert not private or private not in payload


def test_an_older_record_betrays_what_was_taken_out_since(client, order):
    before = verify.check_record(record(client, order), notes.verifier_keys())
    release.confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())
    after = verify.check_record(record(client, order), notes.verifier_keys())
    verify.check_later(after, before)
    with pytest.raises(verify.Wrong, match="gone or was changed"):
        verify.check_later(before, after)
    with pytest.raises(verify.Wrong, match="two orders"):
        verify.check_later({**after, "order": "other"}, before)
    with pytest.raises(verify.Wrong, match="reads differently"):
        verify.check_later({**after, "events": after["events"][1:]}, before)


def test_a_movement_left_out_is_missed_by_the_count(client, order):
    release.confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())
    document = record(client, order)
    payload = json.loads(document["payload"])
    payload["receipts"].pop(1)
    payload["count"] -= 1
    forged = sign(payload)
    with pytest.raises(verify.Wrong, match="missing from its record"):
        verify.check_record(forged, notes.verifier_keys())


def sign(payload: dict) -> dict:
    """As the shop itself would sign a lie."""
    import hashlib

    text = json.dumps(payload)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {
        "format": "tashi-record-v1",
        "payload": text,
        "signature": notes.sign(f"tashi-record-v1\n{digest}\n"),
    }


def test_a_receipt_promises_at_once_and_proves_once_it_is_sealed(client, order):
    transfer = Transfer.objects.latest("pk")
    path = f"/api/v1/receipts/{transfer.pk}/"
    early = verify.check_record(fetch(client, order.buyer, path).json(), notes.verifier_keys())
    assert early["receipts"][0]["seq"] is None and early["receipts"][0]["sealed_by"]
    seal_later()
    late = verify.check_record(fetch(client, order.store.owner, path).json(), notes.verifier_keys())
    assert late["count"] == 1 and late["receipts"][0]["seq"] == 0
    assert (late["receipts"][0]["number"], late["receipts"][0]["of"]) == (1, 1)
    assert fetch(client, UserFactory(), path).status_code == 404
    assert client.get(f"/api/v1/receipts/{10**30}/").status_code == 404
    client.logout()
    assert client.get(path).status_code in (401, 403)


def test_a_days_number_of_movements_is_signed_when_the_day_is_over(client, order):
    seal_later()
    assert client.get("/api/v1/log/").json()["days"] == []
    with clock.at(clock.now() + timedelta(days=1)):
        paid_order()
        sealer.seal(now=clock.now())
        (day,) = client.get("/api/v1/log/").json()["days"]
        assert day["count"] == Transfer.objects.count() - 1
        payload = verify.check_record(record(client, order), notes.verifier_keys())
        assert payload["receipts"][0]["day"]["number"] == 1
        payload["receipts"][0]["day"]["number"] = 2
        with pytest.raises(verify.Wrong, match="counted on its day"):
            verify.check_record(sign(payload), notes.verifier_keys())
        assert day["day"] in client.get("/verify/").content.decode()


def test_the_log_is_shown_to_everybody_with_its_consistency(client, order, tmp_path):
    seal_later()
    paid_order()
    seal_later()
    log = client.get("/api/v1/log/").json()
    assert log["origin"] == "testserver/ledger" and log["keys"] == notes.verifier_keys()
    _, size, _ = verify.read_checkpoint(log["checkpoint"], log["keys"])
    answer = client.get(f"/api/v1/log/consistency/?old=1&new={size}").json()
    (tmp_path / "both.json").write_text(json.dumps(answer))
    assert verify.main(["--key", log["keys"][0], "consistency", str(tmp_path / "both.json")]) == 0
    for bad in (f"old={size}&new=1", "old=7000&new=8000"):
        assert client.get(f"/api/v1/log/consistency/?{bad}").status_code == 404
    for bad in ("", "old=x&new=1", "old=0&new=1", f"old=1&new={10**40}"):
        assert client.get(f"/api/v1/log/consistency/?{bad}").status_code == 400
    with pytest.raises(Exception, match=r"."):
        checkpoints.checkpoint(0)


def test_custody_over_the_api(client):
    from escrow.records import custody

    order = paid_order()
    custody.prove(now=clock.now())
    (shown,) = client.get("/api/v1/custody/").json()
    assert shown["holds"] == 1 and shown["held"] == Money(order.total_minor).as_json()
    assert shown["is_covered"] and shown["balances"][0]["source"] == "sandbox"


def test_the_program_that_is_downloaded_checks_a_record_alone(client, order, tmp_path):
    """In an empty folder, without Django or this project on its path."""
    served = client.get("/verify/verify.py")
    assert served["Content-Disposition"] == 'attachment; filename="verify.py"'
    assert served.content.decode() == PROGRAM.read_text()
    (tmp_path / "verify.py").write_text(served.content.decode())
    (tmp_path / "record.json").write_text(json.dumps(record(client, order)))
    command = [sys.executable, "-I", "verify.py", "--key", notes.verifier_keys()[0], "record", "record.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and done.stdout.startswith(f"GOOD: order {order.number}, 1 transfers"), done


def test_after_a_rotation_old_notes_still_verify(client, order, settings):
    seal_later()
    old, before = notes.verifier_key(), checkpoints.latest().note
    settings.RETIRED_SIGNING_KEYS = [old]
    settings.SIGNING_KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
    assert notes.verifier_key() != old
    verify.read_checkpoint(before, notes.verifier_keys())
    assert verify.check_record(record(client, order), notes.verifier_keys())["receipts"][0]["seq"] == 0
    with pytest.raises(verify.Wrong, match="none of the given keys"):
        verify.read_checkpoint(before, [notes.verifier_key()])


def test_a_sealer_that_lags_is_told(client, order, django_user_model):
    assert client.get("/readyz").json()["alarms"] == []
    with clock.at(clock.now() + timedelta(hours=1)):
        answer = client.get("/readyz")
        assert answer.status_code == 503 and answer.json()["alarms"] == ["records.late"]
        from tests.factories.accounts import MediatorFactory

        page = fetch(client, MediatorFactory(), "/console/health/").content.decode()
        assert "waited too long to be sealed" in page
        sealer.seal(now=clock.now())
        assert client.get("/readyz").json()["alarms"] == []


@pytest.mark.parametrize("key", ["", "short", "not base64!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="])
def test_a_shop_for_real_money_needs_a_signing_key(settings, key):
    settings.SIGNING_KEY = key
    with pytest.raises(SystemCheckError, match=r"core\.E004"):
        call_command("check", "--deploy", "--fail-level", "ERROR")


def test_the_check_has_a_word_for_every_kind_of_movement(client, db):
    page = client.get(reverse("escrow:verify")).content.decode()
    assert set(TransferKind.names) == set(re.findall(r'data-kind="(\w+)">\w', page))
