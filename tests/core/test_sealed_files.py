"""Sealed files: whole and in their own row, or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import sealed
from core.sealed_files import CHUNK, MAGIC, TAG_BYTES, FileTooLarge, SealedFileInfo, drop_sealed, open_sealed
from core.sealed_files import store_sealed as store

PLACE = "shop.Document.key.one"
STEP = CHUNK + TAG_BYTES
OLD = "old:" + "A" * 43
NEW = "new:" + "B" * 43


@pytest.fixture(autouse=True)
def root(settings: Any, tmp_path: Path) -> Path:
    settings.SEALED_ROOT = tmp_path / "sealed"
    return settings.SEALED_ROOT


def kept(plain: bytes, *, place: str = PLACE) -> SealedFileInfo:
    return store(stream=io.BytesIO(plain), place=place, max_bytes=10 * CHUNK)


def read(info: SealedFileInfo, *, place: str = PLACE) -> bytes:
    return b"".join(open_sealed(path=info.path, key_blob=info.key_blob, place=place))


def change(root: Path, info: SealedFileInfo, how: Callable[[bytearray], bytes | bytearray]) -> None:
    file = root / info.path
    file.write_bytes(how(bytearray(file.read_bytes())))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])
def test_every_length_reads_back_as_it_was(root, size):
    plain = os.urandom(size)
    info = kept(plain)
    assert read(info) == plain
    assert (info.size, info.sha256) == (size, hashlib.sha256(plain).hexdigest())


def test_it_lies_encrypted_outside_media_and_for_its_owner_alone(root, settings):
    info = kept(b"identity card 110101199003071234 " * 5000)
    file = root / info.path
    assert b"110101199003071234" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    assert not Path(settings.SEALED_ROOT).is_relative_to(settings.MEDIA_ROOT)


def test_the_same_file_twice_looks_like_two_different_files(root):
    first, second = kept(b"same" * 100), kept(b"same" * 100)
    assert (root / first.path).read_bytes() != (root / second.path).read_bytes()
    assert first.key_blob != second.key_blob


@pytest.mark.parametrize(
    "at",
    [0, len(MAGIC), len(MAGIC) + STEP - 1, len(MAGIC) + STEP, len(MAGIC) + 2 * STEP + 3, -1],
    ids=["magic", "first byte", "first tag", "second chunk", "third chunk", "last tag"],
)
def test_one_changed_byte_anywhere_is_noticed(root, at):
    info = kept(os.urandom(3 * CHUNK + 100))

    def flip(body: bytearray) -> bytearray:
        body[at] ^= 1
        return body

    change(root, info, flip)
    with pytest.raises(sealed.Unsealable):
        read(info)


def test_a_changed_beginning_or_end_is_noticed_before_the_first_byte_leaves(root):
    for how in (lambda body: body[:-1], lambda body: body[:-40], lambda body: body[: len(MAGIC) + 2 * STEP]):
        info = kept(os.urandom(3 * CHUNK + 100))
        change(root, info, how)
        with pytest.raises(sealed.Unsealable):
            open_sealed(path=info.path, key_blob=info.key_blob, place=PLACE)


def test_nothing_can_be_added_behind_the_end(root):
    info = kept(os.urandom(2 * CHUNK))
    for more in (b"x", bytes(STEP)):
        change(root, info, lambda body, more=more: body + more)
        with pytest.raises(sealed.Unsealable):
            read(info)


def test_two_chunks_do_not_change_places(root):
    info = kept(os.urandom(4 * CHUNK))

    def swap(body: bytearray) -> bytearray:
        one, two = len(MAGIC) + STEP, len(MAGIC) + 2 * STEP
        body[one:two], body[two : two + STEP] = body[two : two + STEP], body[one:two]
        return body

    change(root, info, swap)
    with pytest.raises(sealed.Unsealable):
        read(info)


def test_a_key_from_another_row_opens_nothing(root):
    mine, theirs = kept(b"mine"), kept(b"theirs", place="shop.Document.key.two")
    with pytest.raises(sealed.Unsealable):
        read(SealedFileInfo(mine.path, "", 0, theirs.key_blob))
    with pytest.raises(sealed.Unsealable):
        read(theirs, place=PLACE)


def test_another_rows_file_put_under_this_rows_name_does_not_open(root):
    mine, theirs = kept(b"mine"), kept(b"theirs", place="shop.Document.key.two")
    (root / mine.path).write_bytes((root / theirs.path).read_bytes())
    with pytest.raises(sealed.Unsealable):
        read(mine)


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(root):
    with pytest.raises(FileTooLarge):
        store(stream=io.BytesIO(bytes(CHUNK * 2 + 1)), place=PLACE, max_bytes=CHUNK * 2)
    assert not [file for file in root.rglob("*") if file.is_file()]


def test_a_stream_that_breaks_leaves_nothing(root):
    class Breaks:
        def read(self, size: int = -1, /) -> bytes:
            raise OSError("the visitor went away")

    with pytest.raises(OSError, match="went away"):
        store(stream=Breaks(), place=PLACE, max_bytes=10)
    assert not [file for file in root.rglob("*") if file.is_file()]


def test_a_stream_that_gives_little_at_a_time_is_read_to_its_end(root):
    class Drips(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1000))

    plain = os.urandom(CHUNK + 4321)
    assert read(store(stream=Drips(plain), place=PLACE, max_bytes=2 * CHUNK)) == plain


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "", "ab/" + "g" * 64, "ab/../" + "a" * 64])
def test_a_row_with_a_strange_path_opens_no_other_file(path):
    with pytest.raises(sealed.Unsealable):
        open_sealed(path=path, key_blob=sealed.seal(bytes(32), place=PLACE), place=PLACE)


def test_a_missing_file_is_said_as_such_and_dropping_it_again_harms_nothing(root):
    info = kept(b"x")
    drop_sealed(info.path)
    drop_sealed(info.path)
    with pytest.raises(sealed.Unsealable, match="missing"):
        read(info)


def test_the_key_survives_a_new_vault_key_and_falls_with_the_old_one(root, settings):
    settings.VAULT_KEYS = [OLD]
    info = kept(b"permit")
    settings.VAULT_KEYS = [NEW, OLD]
    assert read(info) == b"permit"
    settings.VAULT_KEYS = [NEW]
    with pytest.raises(sealed.Unsealable):
        read(info)


def test_a_row_knows_the_place_of_its_file_key():
    from django.db import models

    class Paper(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        file_key = sealed.FileKeyField()

        class Meta:
            app_label = "core"
            managed = False

    try:
        row = Paper()
        assert Paper._meta.get_field("file_key").place_of(row) == f"core.Paper.file_key.{row.pk}"
    finally:
        from django.apps import apps

        del apps.all_models["core"]["paper"]
        apps.clear_cache()
