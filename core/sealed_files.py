"""
Sealed files: documents nobody may read who only has the disk, and nobody may change without being noticed.

A file lies under ``SEALED_ROOT``, never under MEDIA: ``TSF1``, then chunks of 64 KiB under AES-256-GCM, each with its
tag. The key is random and serves this one file, so a chunk's number is its nonce; number and "this is the last" are in
the associated data, so chunks cannot be cut off, swapped, repeated or taken from another file. The file's key is kept
in the row (``FileKeyField``), sealed by the ring for this row alone: without the row the file is noise, which is also
how it is destroyed.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, Invalid
from core.sealed import NONCE_BYTES, Unsealable, seal, unseal
from core.security_log import event

MAGIC = b"TSF1"
CHUNK = 64 * 2**10
TAG_BYTES = 16
NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}")


class FileTooLarge(Invalid):
    code = "file_too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_message = _("This file is too large. Nothing was kept.")


class Damaged(DomainError):
    code = "file_damaged"
    status = HTTPStatus.GONE
    default_message = _("This file is not what was kept here. It is not given out; we have been told.")


class Source(Protocol):
    """An uploaded file, or any open binary file."""

    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class SealedFileInfo:
    """What the row keeps: ``path`` under the sealed root, digest and size of the plain file, its sealed key."""

    path: str
    sha256: str
    size: int
    key_blob: bytes


def store_sealed(*, stream: Source, place: str, max_bytes: int) -> SealedFileInfo:
    """
    Seal a file for one place (``FileKeyField.place_of(row)``), reading it chunk by chunk from where it stands.

    It is on the disk when this returns, before any row names it: a row rolled back leaves noise nobody can open.

    :raises FileTooLarge: if there are more than ``max_bytes``; nothing is kept
    """
    key = AESGCM.generate_key(256)
    path = _new_name()
    target = _root() / path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = target.with_suffix(".half")
    try:
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            digest, size = _seal_into(out, stream, key=key, max_bytes=max_bytes)
            out.flush()
            os.fsync(out.fileno())
        half.rename(target)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    return SealedFileInfo(path=path, sha256=digest, size=size, key_blob=seal(key, place=place))


def open_sealed(*, path: str, key_blob: bytes, place: str) -> Iterator[bytes]:
    """
    Read a sealed file chunk by chunk; each is checked before it is given.

    Key, beginning, length and end are checked at once, before the first byte could leave; a change in the middle is
    met on the way and ends the reading there.

    :raises Unsealable: if file, key or place are not exactly what was sealed together
    """
    cipher = AESGCM(_key(key_blob, place))
    file = _open(path)
    try:
        last = _number_of_last(file)
        _read_chunk(file, cipher, number=last, last=last)
        if last:
            _read_chunk(file, cipher, number=0, last=last)
    except BaseException:
        file.close()
        raise
    return _chunks(file, cipher, last)


def open_or_refuse(*, path: str, key_blob: bytes, place: str) -> Iterator[bytes]:
    """
    ``open_sealed`` for a door: what was changed is told to the security log, and the reader in words.

    :raises Damaged: if file, key or place are not exactly what was sealed together
    """
    try:
        return open_sealed(path=path, key_blob=key_blob, place=place)
    except Unsealable as fault:
        event("file.damaged", place=place, why=str(fault))
        raise Damaged from fault


def drop_sealed(path: str) -> None:
    """Take a file away for good; one that is gone already is no fault, so that a purge may run twice."""
    _checked(path).unlink(missing_ok=True)


def _seal_into(out: BinaryIO, stream: Source, *, key: bytes, max_bytes: int) -> tuple[str, int]:
    """Write all chunks; one is held back until it is known whether another follows, for the last is marked so."""
    cipher, digest, size, number = AESGCM(key), hashlib.sha256(), 0, 0
    out.write(MAGIC)
    held = _whole_chunk(stream)
    while True:
        size += len(held)
        if size > max_bytes:
            raise FileTooLarge
        digest.update(held)
        following = _whole_chunk(stream) if len(held) == CHUNK else b""
        out.write(cipher.encrypt(_nonce(number), held, _header(number, is_last=not following)))
        if not following:
            return digest.hexdigest(), size
        held, number = following, number + 1


def _whole_chunk(stream: Source) -> bytes:
    """A full chunk, or what is left: a stream may give less than it was asked for."""
    parts, missing = [], CHUNK
    while missing:
        part = stream.read(missing)
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _chunks(file: BinaryIO, cipher: AESGCM, last: int) -> Iterator[bytes]:
    with file:
        for number in range(last + 1):
            plain = _read_chunk(file, cipher, number=number, last=last)
            if plain:
                yield plain


def _read_chunk(file: BinaryIO, cipher: AESGCM, *, number: int, last: int) -> bytes:
    file.seek(len(MAGIC) + number * (CHUNK + TAG_BYTES))
    body = file.read(CHUNK + TAG_BYTES)
    try:
        return cipher.decrypt(_nonce(number), body, _header(number, is_last=number == last))
    except (InvalidTag, ValueError) as fault:
        raise Unsealable(f"chunk {number} of a sealed file was changed") from fault


def _number_of_last(file: BinaryIO) -> int:
    """:raises Unsealable: if the file cannot be a whole number of chunks"""
    if file.read(len(MAGIC)) != MAGIC:
        raise Unsealable("not a sealed file")
    length = file.seek(0, os.SEEK_END) - len(MAGIC)
    if length < TAG_BYTES:
        raise Unsealable("a sealed file was cut short")
    return (length - 1) // (CHUNK + TAG_BYTES)


def _key(key_blob: bytes, place: str) -> bytes:
    key = unseal(bytes(key_blob), place=place)
    if len(key) != 32:
        raise Unsealable("this is no key of a file")
    return key


def _nonce(number: int) -> bytes:
    return number.to_bytes(NONCE_BYTES, "big")


def _header(number: int, *, is_last: bool) -> bytes:
    return MAGIC + number.to_bytes(8, "big") + bytes([is_last])


def _open(path: str) -> BinaryIO:
    try:
        return open(_checked(path), "rb")
    except FileNotFoundError as fault:
        raise Unsealable("a sealed file is missing") from fault


def _checked(path: str) -> Path:
    """Only names this module gives: a row that was tampered with opens no other file of the machine."""
    if not NAME.fullmatch(path):
        raise Unsealable("no name of a sealed file")
    return _root() / path


def _new_name() -> str:
    name = secrets.token_hex(32)
    return f"{name[:2]}/{name}"


def _root() -> Path:
    return Path(settings.SEALED_ROOT)
