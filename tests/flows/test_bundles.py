"""The record with its evidence: for both parties and nobody else, and every change of it is named by ``verify.py``."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

import verify
from accounts.models import User
from core import clock
from disputes.models import Evidence
from disputes.services.cases import take
from escrow.records import notes, sealer
from flows import aftersale, fulfilment
from flows.bundles import bundle_of
from logistics.models import PackPhoto
from logistics.states import EvidenceGrade, ShipmentStatus
from shop.models import Order
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.pictures import upload
from tests.stories import (
    actor_of,
    buyer_of,
    delivered_order,
    fresh,
    merchant_of,
    open_case,
    paid_order,
    sandbox_carrier,
    scan,
)
from verify import Wrong

pytestmark = pytest.mark.django_db
Files = dict[str, bytes]


@pytest.fixture
def order() -> Order:
    """Delivered, with pack photos; in a case to which both sides and the mediator have brought something."""
    order = paid_order()
    carrier = sandbox_carrier(order.store_id)
    fulfilment.ship(
        order_id=order.pk, store_id=order.store_id, carrier_code=carrier.code, number="TS0000000001", weight_g=500,
        photos=[upload()], actor=merchant_of(order), now=clock.now(),
    )  # fmt: skip
    parcel = order.shipments.get()
    scan(parcel, ShipmentStatus.PICKED_UP)
    scan(parcel, ShipmentStatus.DELIVERED, grade=EvidenceGrade.B)
    case = open_case(order)
    mediator = MediatorFactory()
    for who in (buyer_of(order), merchant_of(order)):
        aftersale.add_evidence(case_id=case.pk, file=upload(), shows="a crack", actor=who, now=clock.now())
    aftersale.add_evidence(case_id=case.pk, file=None, shows="I saw it fall.", actor=buyer_of(order), now=clock.now())
    aftersale.say(case_id=case.pk, text="Words of the case room.", actor=buyer_of(order), now=clock.now())
    aftersale.escalate(case_id=case.pk, text="Please look.", actor=merchant_of(order), now=clock.now())
    take(case_id=case.pk, actor=actor_of(mediator), now=clock.now())
    sealer.seal(now=clock.now())
    return fresh(order)


def fetch(person: User, path: str):
    client = Client(headers={"accept-language": "en"})
    client.force_login(person)
    return client.get(path)


def unpacked(raw: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(raw)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def downloaded(order: Order) -> bytes:
    answer = fetch(order.buyer, f"/orders/{order.number}/bundle.zip")
    assert answer.status_code == 200
    raw = b"".join(answer.streaming_content)
    assert len(raw) == int(answer["Content-Length"])
    return raw


def packed(files: Files, to: Path) -> str:
    with zipfile.ZipFile(to / "bundle.zip", "w") as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    return str(to / "bundle.zip")


def named(files: Files, word: str) -> str:
    return next(name for name in files if word in name)


def test_both_parties_get_the_record_and_every_file_it_names(order, tmp_path):
    mine = unpacked(downloaded(order))
    answer = fetch(order.store.owner, f"/merchant/orders/{order.number}/bundle.zip")
    theirs = unpacked(b"".join(answer.streaming_content))
    assert answer["Content-Disposition"] == f'attachment; filename="{order.number}.zip"'
    assert {name: raw for name, raw in mine.items() if name.startswith("files/")} == {
        name: raw for name, raw in theirs.items() if name.startswith("files/")
    }
    payload, bundle = verify.check_bundle(packed(mine, tmp_path), notes.verifier_keys())
    assert payload["order"] == order.number
    assert sorted({(one["what"], one["by"]) for one in bundle["files"]}) == [
        ("delivery", "carrier"), ("evidence", "buyer"), ("evidence", "merchant"), ("pack photo", "merchant"),
    ]  # fmt: skip
    assert bundle["left_out"] == []
    kept = {*Evidence.objects.exclude(file="").values_list("kept_sha256", flat=True)}
    kept |= {*PackPhoto.objects.values_list("kept_sha256", flat=True)}
    assert kept <= {one["sha256"] for one in bundle["files"]}
    assert mine[named(mine, "001-pack-photo")][8:12] == b"WEBP"
    assert mine[next(n for n in mine if n.endswith(".txt") and n.startswith("files/"))] == b"I saw it fall."
    delivery = json.loads(mine[named(mine, "-delivery-")])
    assert (delivery["status"], delivery["number"]) == ("delivered", order.shipments.get().number)


def test_nobody_else_gets_it(order):
    for person in (UserFactory(), MediatorFactory()):
        assert fetch(person, f"/orders/{order.number}/bundle.zip").status_code == 404
        assert fetch(person, f"/merchant/orders/{order.number}/bundle.zip").status_code == 404
    assert fetch(order.buyer, f"/merchant/orders/{order.number}/bundle.zip").status_code == 404
    assert Client().get(f"/orders/{order.number}/bundle.zip").status_code == 302


def test_nothing_private_goes_along(order):
    """Neither the other's address and phone nor the words of the case room, nor anything of another order."""
    other = delivered_order(buyer=order.buyer)
    aftersale.add_evidence(
        case_id=open_case(other).pk, file=None, shows="Of another deal.", actor=buyer_of(other), now=clock.now()
    )
    files = unpacked(downloaded(order))
    assert all(re.fullmatch(r"record\.json|README\.txt|files/[a-z0-9-]+\.(webp|json|txt)", name) for name in files)
    listed = 2 + PackPhoto.objects.filter(shipment__order=order).count() + 3 + 1
    assert len(files) == listed, "the record, how to check it, photos, three pieces, one delivery"
    whole = b"\n".join(files.values()).decode(errors="replace")
    private = (order.address["phone"], order.address["street"], order.buyer.email, order.store.owner.email,
               "Words of the case room", "Of another deal", other.number)  # fmt: skip
    for words in private:
        assert words not in whole, words


def test_a_record_of_the_bundle_is_checked_like_any_other(order):
    document = json.loads(unpacked(downloaded(order))["record.json"])
    assert verify.check_record(document, notes.verifier_keys())["bundle"]["files"]


CHANGES: dict[str, tuple[Callable[[Files, str], object], str]] = {
    "a picture is another": (lambda files, one: files.update({one: files[one][:-1] + b"!"}), "{} was altered"),
    "a picture is cut short": (lambda files, one: files.update({one: files[one][:-1]}), "{} was altered"),
    "a picture has more behind it": (lambda files, one: files.update({one: files[one] + b"!"}), "{} was altered"),
    "a picture is gone": (lambda files, one: files.pop(one), "{} is missing"),
    "a strange file lies beside": (lambda files, one: files.update({"files/x.webp": b"x"}), "files/x.webp is not on r"),
    "a name leads elsewhere": (lambda files, one: files.update({"../../x": b"x"}), "../../x is not on record"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_bundle_is_named(order, tmp_path, change):
    files = unpacked(downloaded(order))
    one = named(files, "evidence")
    act, words = CHANGES[change]
    act(files, one)
    with pytest.raises(Wrong, match=re.escape(words.format(one))):
        verify.check_bundle(packed(files, tmp_path), notes.verifier_keys())


def test_all_that_is_wrong_is_named_at_once(order, tmp_path):
    files = unpacked(downloaded(order))
    one, two = named(files, "evidence"), named(files, "pack-photo")
    files[one] = b"another"
    del files[two]
    with pytest.raises(Wrong, match=re.escape(f"{two} is missing; {one} was altered")):
        verify.check_bundle(packed(files, tmp_path), notes.verifier_keys())


def test_a_byte_changed_inside_the_zip_itself_is_named(order, tmp_path):
    raw = bytearray(downloaded(order))
    files = unpacked(bytes(raw))
    one = named(files, "pack-photo")
    raw[bytes(raw).index(files[one]) + 20] ^= 1
    (tmp_path / "bundle.zip").write_bytes(raw)
    with pytest.raises(Wrong, match=re.escape(f"{one} was altered")):
        verify.check_bundle(str(tmp_path / "bundle.zip"), notes.verifier_keys())


def test_a_file_altered_on_our_own_disk_goes_along_and_is_named(order, tmp_path):
    file = Evidence.objects.exclude(file="").earliest("created_at").file
    path = Path(file.path)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    files = unpacked(downloaded(order))
    with pytest.raises(Wrong, match=re.escape(f"{named(files, 'evidence')} was altered")):
        verify.check_bundle(packed(files, tmp_path), notes.verifier_keys())


def test_what_is_lost_is_said_and_signed(order, tmp_path):
    Path(PackPhoto.objects.earliest("created_at").file.path).unlink()
    files = unpacked(downloaded(order))
    _, bundle = verify.check_bundle(packed(files, tmp_path), notes.verifier_keys())
    assert [(one["what"], one["why"]) for one in bundle["left_out"]] == [("pack photo", "lost")]
    assert "pack photo" in files["README.txt"].decode()


def test_a_piece_that_is_left_out_without_a_word_is_named(order, tmp_path):
    from tests.escrow.test_records_doors import sign

    files = unpacked(downloaded(order))
    payload = json.loads(json.loads(files["record.json"])["payload"])
    gone = payload["bundle"]["files"].pop()
    del files[gone["name"]]
    files["record.json"] = json.dumps(sign(payload)).encode()
    with pytest.raises(Wrong, match="neither here nor said to be left out"):
        verify.check_bundle(packed(files, tmp_path), notes.verifier_keys())


def test_what_would_be_too_much_is_named_instead(order):
    members = bundle_of(order, now=clock.now(), most_bytes=300)
    record = json.load(next(one for one in members if one.name == "record.json").open())
    bundle = json.loads(record["payload"])["bundle"]
    assert sum(one["bytes"] for one in bundle["files"]) <= 300
    assert {one["why"] for one in bundle["left_out"]} == {"too much"}


def test_an_older_record_without_digests_of_what_is_kept_is_still_contained(order):
    payload = verify.check_record(json.loads(unpacked(downloaded(order))["record.json"]), notes.verifier_keys())
    old = json.loads(json.dumps(payload))
    for one in old["evidence"]:
        del one["kept_sha256"]
    verify.check_later(payload, old)
    old["evidence"][0]["sha256"] = "0" * 64
    with pytest.raises(Wrong, match="evidence"):
        verify.check_later(payload, old)


def test_the_program_checks_a_bundle_alone(order, tmp_path):
    (tmp_path / "verify.py").write_text(Path(verify.__file__).read_text())
    packed(unpacked(downloaded(order)), tmp_path)
    command = [sys.executable, "-I", "verify.py", "--key", notes.verifier_keys()[0], "bundle", "bundle.zip"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert re.search(rf"^GOOD: order {order.number}, 1 transfers, \d files as on record", done.stdout), done
    (tmp_path / "bundle.zip").write_bytes(b"no zip")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout[:6]) == (1, "WRONG:")


@pytest.mark.parametrize("raw", [
    b'{"payload": "{}", "signature": null}', b'{"payload": null, "signature": "x"}', b"[]", b"[" * 100_000, b"\xff",
])  # fmt: skip
def test_what_is_no_record_at_all_is_wrong_and_no_crash(tmp_path, capsys, raw):
    """Red before: a traceback, which a reader may take for a fault of the program rather than of the file."""
    (tmp_path / "record.json").write_bytes(raw)
    for name, act in (("record.json", "record"), (packed({"record.json": raw}, tmp_path), "bundle")):
        assert verify.main(["--key", notes.verifier_keys()[0], act, str(tmp_path / name)]) == 1
        assert capsys.readouterr().out.startswith("WRONG: ")


def test_it_is_asked_for_ten_times_a_minute_at_most(order):
    answers = [fetch(order.buyer, f"/orders/{order.number}/bundle.zip").status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
