"""Zip files that are written while they are sent: memory stays flat, whatever is in them, and their length is known."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from django.http import StreamingHttpResponse
from django.utils import timezone

CHUNK = 64 * 1024
# What a member may be called: no folder above, no drive, nothing that a system reads in its own way.
SAFE = re.compile(r"(?:[a-z0-9][a-z0-9-]*/)?[A-Za-z0-9][A-Za-z0-9-]*\.[a-z0-9]{2,4}")
# Bytes that a member costs beside its content and twice its name, and those at the end.
AROUND_EACH, AT_END = 30 + 16 + 46, 22


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive; ``size`` in bytes is what ``open`` will give."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


class Changed(OSError):
    """A file is shorter or longer than was announced; the download must not look whole."""


class _Sink:
    """What the archive is written to: gives away what it was given. It cannot be rewound."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def length(members: Sequence[Member]) -> int:
    """How many bytes :func:`stream` will give for these members."""
    return sum(AROUND_EACH + 2 * len(member.name) + member.size for member in members) + AT_END


def stream(members: Sequence[Member], *, at: datetime) -> Iterator[bytes]:
    """
    An archive of these members, piece by piece. Not compressed: pictures would not become smaller.

    :raises Changed: if a file is not as long as was said
    """
    sink = _Sink()
    stamp = timezone.localtime(at).timetuple()[:6]
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for member in members:
            assert SAFE.fullmatch(member.name), member.name
            info = zipfile.ZipInfo(member.name, stamp)
            info.file_size = member.size
            with member.open() as source, archive.open(info, "w") as target:
                left = member.size
                while chunk := source.read(CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise Changed(member.name)
                    target.write(chunk)
                    yield sink.taken()
                if left:
                    raise Changed(member.name)
            yield sink.taken()
    yield sink.taken()


def zip_file(filename: str, members: Sequence[Member], *, at: datetime) -> StreamingHttpResponse:
    """A download whose progress a browser can show."""
    response = StreamingHttpResponse(stream(members, at=at), content_type="application/zip")
    response.headers["Content-Length"] = str(length(members))
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
