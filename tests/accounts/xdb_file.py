"""A maker of small xdb files, written from the layout's description and not from our reader."""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path

Row = tuple[str, str, str]  # first address, last address, text


def write_xdb(path: Path, rows: list[Row], *, structure: int = 3) -> Path:
    """Write a file of rows in order, all of one kind of address; each is cut at borders of its first two bytes."""
    version = ipaddress.ip_address(rows[0][0]).version
    texts, places, base = b"", {}, 256 + 512 * 1024
    for _first, _last, text in rows:
        if text not in places:
            places[text] = base + len(texts)
            texts += text.encode()
    segments, cells = b"", bytearray(512 * 1024)
    begin = base + len(texts)
    for first, last, text in rows:
        for low, high in pieces(ipaddress.ip_address(first), ipaddress.ip_address(last)):
            cell = (low[0] * 256 + low[1]) * 8
            here = begin + len(segments)
            ends = (low[::-1], high[::-1]) if version == 4 else (low, high)
            segments += ends[0] + ends[1] + struct.pack("<HI", len(text.encode()), places[text])
            start = struct.unpack_from("<I", cells, cell)[0] or here
            struct.pack_into("<II", cells, cell, start, begin + len(segments))
    size = 14 if version == 4 else 38
    header = struct.pack("<HHIIIHH", structure, 1, 1_700_000_000, begin, begin + len(segments) - size, version, 4)
    path.write_bytes(header.ljust(256, b"\x00") + bytes(cells) + texts + segments)
    return path


def pieces(first, last):
    """The part of a range in each block that shares its first two bytes."""
    block = 1 << (first.max_prefixlen - 16)
    low, end = int(first), int(last)
    while low <= end:
        high = min(end, (low // block + 1) * block - 1)
        yield (type(first)(low).packed, type(first)(high).packed)
        low = high + 1
