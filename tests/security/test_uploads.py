"""V5: files from strangers, at every door that takes one."""

from __future__ import annotations

import io
import json
import re
import socketserver
import struct
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image
from rest_framework.test import APIClient

from core.sealed_files import open_sealed
from tests.walk.scene import Scene

pytestmark = pytest.mark.django_db
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PHP = b"GIF89a<?php system($_GET['c']); ?>"
ROOT = Path(configured.BASE_DIR)


def png(width: int = 30, height: int = 30) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


def bomb() -> bytes:
    """A picture of 45 million points in a few kilobytes."""
    out = io.BytesIO()
    Image.new("1", (9_000, 5_000)).save(out, "PNG")
    return out.getvalue()


class FakeClamd(socketserver.ThreadingUnixStreamServer):
    """Speaks INSTREAM as clamd does; ``mood`` makes it hang up or answer nonsense."""

    daemon_threads = True
    mood = "well"
    seen: list[bytes]


class Answers(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
        line = self.request.makefile("rb")
        assert line.read(10) == b"zINSTREAM\0"
        if server.mood == "hangs up":
            return
        whole = b""
        while (size := struct.unpack(">I", line.read(4))[0]) != 0:
            whole += line.read(size)
        server.seen.append(whole)
        found = b"Eicar-Test-Signature FOUND" if EICAR in whole else b"OK"
        said = b"INSTREAM size limit exceeded. ERROR" if server.mood == "confused" else b"stream: " + found
        self.request.sendall(said + b"\0")


@pytest.fixture
def clamd(settings, tmp_path) -> Iterator[FakeClamd]:
    address = tmp_path / "clamd"
    server = FakeClamd(str(address), Answers)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.CLAMD = f"unix:{address}"
    settings.SEALED_ROOT = tmp_path / "sealed"
    settings.QUARANTINE_ROOT = tmp_path / "sealed" / "quarantine"
    settings.MEDIA_ROOT = tmp_path / "media"
    yield server
    server.shutdown()
    server.server_close()


Door = tuple[str, str, str, dict[str, str]]


def doors(scene: Scene) -> dict[str, Door]:
    """Every door that takes a file: who knocks, where, the field, and what else the form wants."""
    case = {"ground": "not_as_described", "want": "refund", "text": "It is not what was promised at all."}
    return {
        "claim": ("buyer", reverse("disputes:case-new", args=[scene.unpaid.number]), "photos", case),
        "evidence": (
            "buyer", reverse("disputes:case-evidence", args=[scene.case.number]), "evidence-file",
            {"evidence-shows": "Too light"},
        ),
        "parcel": ("merchant", reverse("merchant:ship", args=[scene.order.number]), "photos", {}),
        "product": ("merchant", reverse("merchant:product-images", args=[scene.product.pk]), "uploads", {}),
        "numbers": ("merchant", reverse("merchant:shipping-import"), "file", {}),
        "statement": ("mediator", reverse("console:statement-upload"), "file", {"gateway": "bank"}),
        "api evidence": ("buyer", f"/api/v1/cases/{scene.case.number}/evidence/", "file", {"shows": "Too light"}),
    }  # fmt: skip


DOORS = ("claim", "evidence", "parcel", "product", "numbers", "statement", "api evidence")


def send(scene: Scene, door: str, content: bytes, name: str = "a.png", kind: str = "image/png") -> Any:
    person, path, field, rest = doors(scene)[door]
    client: Any = scene.client(person)
    if path.startswith("/api/"):
        client = APIClient(raise_request_exception=False)
        client.force_authenticate(getattr(scene, person))
        return client.post(path, {**rest, field: SimpleUploadedFile(name, content, kind)}, format="multipart")
    return client.post(path, {**rest, field: SimpleUploadedFile(name, content, kind)})


def test_no_door_with_a_file_is_missing_here():
    """A new form with a file field shows up here until its door is in the table."""
    fields = re.compile(r"(?:forms|serializers)\.(?:FileField|ImageField)\(|(?:Pictures|ManyFiles)Field\(")
    found = set()
    for app in ("core", "accounts", "shop", "escrow", "logistics", "disputes", "flows"):
        for file in (ROOT / app).rglob("*.py"):
            if "migrations" not in file.parts and fields.search(file.read_text()):
                found.add(str(file.relative_to(ROOT)))
    known = {"core/samples.py", "disputes/forms.py", "disputes/api/shapes.py", "escrow/statement_forms.py",
             "shop/forms/fields.py", "shop/forms/merchant.py", "shop/forms/products.py",
             "shop/forms/vetting.py", "shop/forms/codes.py"}  # fmt: skip
    assert found <= known, found - known


@pytest.mark.parametrize("door", DOORS)
def test_asvs_5_4_3_an_infected_file_is_refused_at_every_door_and_lies_sealed_in_quarantine(
    scene, clamd, logbook, settings, door
):
    answer = send(scene, door, EICAR + png())
    assert answer.status_code == 400, answer.status_code
    assert clamd.seen == [EICAR + png()]
    notes = list(settings.QUARANTINE_ROOT.glob("*.json"))
    assert len(notes) == 1
    note = json.loads(notes[0].read_text())
    assert note["found"] == "Eicar-Test-Signature"
    kept = open_sealed(path=note["path"], key_blob=bytes.fromhex(note["key"]), place=note["place"])
    assert b"".join(kept) == EICAR + png()
    for file in settings.SEALED_ROOT.rglob("*"):
        assert file.is_dir() or EICAR not in file.read_bytes()
    assert not [file for file in settings.MEDIA_ROOT.rglob("*") if file.is_file()]
    assert logbook.named("upload.refused")[-1]["found"] == "Eicar-Test-Signature"


@pytest.mark.parametrize("door", ["evidence", "api evidence", "product"])
def test_asvs_5_4_3_a_clean_file_goes_through(scene, clamd, settings, door):
    assert send(scene, door, png()).status_code in (201, 204, 302)
    assert clamd.seen == [png()]
    assert [file for file in settings.MEDIA_ROOT.rglob("*.webp") if file.is_file()]


@pytest.mark.parametrize("mood", ["hangs up", "confused", "away"])
@pytest.mark.parametrize("door", ["evidence", "api evidence"])
def test_asvs_16_5_3_without_a_clear_word_of_the_scanner_no_file_is_taken(scene, clamd, settings, mood, door):
    clamd.mood = mood
    if mood == "away":
        settings.CLAMD = "unix:/nowhere/clamd"
    before = scene.case.evidence.count()
    assert send(scene, door, png()).status_code == 503
    assert scene.case.evidence.count() == before


PICTURES = ("evidence", "api evidence", "product", "parcel", "claim")
BAD = {"svg": (SVG, "a.svg", "image/svg+xml"), "svg called png": (SVG, "a.png", "image/png"),
       "php in gif": (PHP, "a.gif", "image/gif"), "html": (b"<script>alert(1)</script>", "a.png", "image/png"),
       "bomb": (bomb(), "a.png", "image/png"), "empty": (b"", "a.png", "image/png"),
       "cut": (png(300, 300)[:60], "a.png", "image/png")}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("door", PICTURES)
def test_asvs_5_2_2_and_5_2_6_what_is_no_picture_or_too_large_is_kept_nowhere(scene, settings, tmp_path, door, bad):
    settings.MEDIA_ROOT = tmp_path
    answer = send(scene, door, *BAD[bad])
    assert answer.status_code < 500
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.png", "..\\..\\x.png", "a\r\nb.png", "x" * 300 + ".png", "a.php", "\u202egnp.exe"]
)
def test_asvs_5_3_2_names_are_made_by_us(scene, settings, tmp_path, name):
    settings.MEDIA_ROOT = tmp_path
    send(scene, "evidence", png(), name)
    kept = [str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()]
    assert len(kept) == 1
    assert re.fullmatch(r"evidence/case/[\w./-]+\.webp", kept[0])
    assert "passwd" not in kept[0]


def test_asvs_5_2_2_a_picture_is_made_anew_and_says_nothing_of_its_maker(scene, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    out = io.BytesIO()
    made = Image.Exif()
    made[0x010F], made[0x8825] = "planted-camera", {1: "N", 2: (31.0, 12.0, 0.0)}
    Image.new("RGB", (40, 40), "red").save(out, "JPEG", exif=made)
    send(scene, "evidence", out.getvalue() + b"<?php planted", "a.jpg", "image/jpeg")
    kept = next(file for file in tmp_path.rglob("*.webp"))
    assert b"planted" not in kept.read_bytes()
    with Image.open(kept) as picture:
        assert not picture.getexif()


def test_asvs_5_3_1_and_5_4_1_evidence_is_served_as_what_it_is(scene):
    answer = scene.client("buyer").get(reverse("disputes:evidence-file", args=[scene.evidence]))
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert scene.client("stranger").get(reverse("disputes:evidence-file", args=[scene.evidence])).status_code == 404


def archive(files: int, size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for number in range(files):
            zipped.writestr(f"{number}.csv", b"0" * size)
    return out.getvalue()


@pytest.mark.parametrize(
    "content", [archive(1, 80 * 2**20), archive(10_000, 1), archive(1, 10)[:40], b"PK\x03\x04" + b"\0" * 100],
    ids=["bomb", "10,000 entries", "cut", "nonsense"],
)  # fmt: skip
@pytest.mark.parametrize("door", ["numbers", "statement"])
def test_asvs_5_2_3_an_archive_is_unpacked_within_limits_or_not_at_all(scene, door, content):
    answer = send(scene, door, content, "a.zip", "application/zip")
    assert answer.status_code in (200, 302, 400, 413, 422)
    assert answer.status_code < 500


def test_asvs_5_2_1_a_table_with_too_many_rows_is_refused_in_words(scene):
    rows = b"order,carrier,number\n" + b"1,sf,2\n" * 200_000
    answer = send(scene, "numbers", rows, "a.csv", "text/csv")
    assert answer.status_code < 500
