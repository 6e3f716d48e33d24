"""
A look by clamd at every file that comes in, where the operator has set one up (``CLAMD``).

The bytes go to clamd as they arrive (INSTREAM), at every door alike: it hangs on the upload handlers, so that no form
can forget it. An infected file is refused, and goes sealed into quarantine, where neither we nor anybody else can run
it by mistake. When clamd does not answer, files are refused too: nobody gets in because the guard is away.
"""

from __future__ import annotations

import json
import secrets
import socket
import struct
import tempfile
from typing import IO, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import Busy, Invalid
from core.sealed_files import store_sealed
from core.security_log import event

TIMEOUT_SECONDS = 20
IN_MEMORY = 2 * 2**20


class Infected(Invalid):
    code = "infected_file"
    default_message = _("The virus scanner refused this file. Nothing was kept of what you sent.")


class ScannerAway(Busy):
    code = "no_scanner"
    default_message = _("Files cannot be checked at the moment, so none is taken. Please try again later.")


class Scan:
    """One file on its way through clamd: ``feed`` it, then ask for the ``verdict``."""

    def __init__(self, address: str) -> None:
        """:raises ScannerAway: if clamd is not there"""
        try:
            self._line = _connect(address)
            self._line.sendall(b"zINSTREAM\0")
        except OSError as fault:
            raise ScannerAway from fault

    def feed(self, part: bytes) -> None:
        """:raises ScannerAway: if clamd has hung up, as it does on what is longer than it takes"""
        try:
            self._line.sendall(struct.pack(">I", len(part)) + part)
        except OSError as fault:
            raise ScannerAway from fault

    def verdict(self) -> str:
        """
        The name of what was found, or an empty text.

        :raises ScannerAway: if there is no clear answer
        """
        said = b""
        try:
            self._line.sendall(struct.pack(">I", 0))
            while not said.endswith(b"\0") and len(said) < 4096:
                part = self._line.recv(4096)
                if not part:
                    break
                said += part
        except OSError as fault:
            raise ScannerAway from fault
        finally:
            self._line.close()
        words = said.rstrip(b"\0").decode("utf-8", "replace").removeprefix("stream: ")
        if words == "OK":
            return ""
        if words.endswith(" FOUND"):
            return words.removesuffix(" FOUND")
        raise ScannerAway

    def close(self) -> None:
        self._line.close()


class ScanningHandler(FileUploadHandler):
    """The first of the upload handlers: passes everything on and keeps a copy until clamd has spoken."""

    _scan: Scan | None = None
    _copy: IO[bytes] | None = None

    def new_file(self, *args: Any, **more: Any) -> None:
        super().new_file(*args, **more)  # type: ignore[no-untyped-call]
        if settings.CLAMD:
            self._scan = Scan(settings.CLAMD)
            self._copy = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed below

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if self._scan is not None and self._copy is not None:
            self._scan.feed(raw_data)
            self._copy.write(raw_data)
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """:raises Infected: and keeps the file in quarantine"""
        if self._scan is None or self._copy is None:
            return None
        try:
            found = self._scan.verdict()
            if found:
                quarantine(self._copy, found=found)
                raise Infected
        finally:
            self._put_away()
        return None

    def upload_interrupted(self) -> None:
        self._put_away()

    def _put_away(self) -> None:
        if self._scan is not None:
            self._scan.close()
        if self._copy is not None:
            self._copy.close()
        self._scan = self._copy = None


def quarantine(copy: IO[bytes], *, found: str) -> None:
    """Seal a copy under ``QUARANTINE_ROOT`` with a note beside it: what, when, which digest, and the sealed key."""
    copy.seek(0)
    name = secrets.token_hex(8)
    place = f"quarantine.{name}"
    kept = store_sealed(stream=copy, place=place, max_bytes=settings.UPLOAD_MAX_BYTES)
    settings.QUARANTINE_ROOT.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = {
        "at": clock.now().isoformat(), "found": found, "sha256": kept.sha256, "bytes": kept.size, "path": kept.path,
        "place": place, "key": kept.key_blob.hex(),
    }  # fmt: skip
    half = settings.QUARANTINE_ROOT / f"{name}.part"
    half.write_text(json.dumps(note), encoding="utf-8")
    half.rename(half.with_suffix(".json"))  # whole or not at all
    event("upload.refused", why="infected", found=found, sha256=kept.sha256, quarantine=name)


def _connect(address: str) -> socket.socket:
    """``unix:/run/clamav/clamd.ctl`` or ``tcp://host:3310``."""
    if address.startswith("unix:"):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(TIMEOUT_SECONDS)
        line.connect(address.removeprefix("unix:"))
        return line
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname or "localhost", parts.port or 3310), timeout=TIMEOUT_SECONDS)
