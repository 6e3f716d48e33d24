"""Archives that are written while they are sent."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import pytest

from core import archives, clock
from core.archives import Changed, Member


def member(name: str, content: bytes, size: int | None = None) -> Member:
    return Member(name, len(content) if size is None else size, lambda: io.BytesIO(content))


@pytest.fixture
def at(db):
    return clock.now()


@pytest.mark.parametrize("sizes", [[], [0], [1], [archives.CHUNK, archives.CHUNK + 1, 3]])
def test_what_is_sent_is_a_whole_archive_of_the_length_that_was_announced(at, sizes):
    members = [member(f"files/{nth}-x.bin", bytes([nth]) * size) for nth, size in enumerate(sizes)]
    raw = b"".join(archives.stream(members, at=at))
    assert len(raw) == archives.length(members)
    with zipfile.ZipFile(io.BytesIO(raw)) as read:
        assert read.testzip() is None
        assert [info.file_size for info in read.infolist()] == sizes


@pytest.mark.parametrize("size", [3, 5])
def test_a_file_that_is_not_as_long_as_announced_breaks_the_download_off(at, size):
    with pytest.raises(Changed):
        b"".join(archives.stream([member("x.bin", b"four", size)], at=at))


def test_a_hundred_megabytes_need_no_more_memory_than_one(at):
    class Zeros(io.RawIOBase):
        left = 100 * 2**20

        def read(self, size: int = -1) -> bytes:
            given = min(size, self.left)
            self.left -= given
            return bytes(given)

    sent = 0
    tracemalloc.start()
    try:
        for part in archives.stream([Member("big.bin", Zeros.left, Zeros)], at=at):  # type: ignore[arg-type]
            sent += len(part)
        assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
    finally:
        tracemalloc.stop()
    assert sent > 100 * 2**20


@pytest.mark.parametrize("name", ["../x.txt", "/x.txt", "a/b/c.txt", "x", ".x.txt", "a\\b.txt", "c:x.txt", "文.txt"])
def test_no_name_leads_out_of_the_folder_it_is_unpacked_in(at, name):
    with pytest.raises(AssertionError):
        b"".join(archives.stream([member(name, b"")], at=at))
