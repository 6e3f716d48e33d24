"""
A reader of ip2region's ``xdb`` files: from an address to ``country|province|city|…``, by its documented layout.

    256 bytes   header: structure 2 or 3, … first and last segment at 8 and 12; since 3 also the kind of address at 16
    512 KiB     for each pair of first two bytes of an address: where its segments begin and end
    …           texts in UTF-8
    …           segments in order: first and last address, length and place of the text

All numbers are little-endian; so are IPv4 addresses, while IPv6 addresses stand as they are sent. Read with ``pread``:
threads share the file, nothing of it lies in memory, and one that is cut off under our hands is a fault, no crash.
"""

from __future__ import annotations

import ipaddress
import os
import struct
from pathlib import Path

HEADER, CELL, CELLS = 256, 8, 256 * 256
OLD, NEW = 2, 3  # structures; the old one knows IPv4 only, and its texts have an area between country and province
TEXT = struct.Struct("<HI")


class Broken(Exception):
    """This is no xdb file, or not a whole one; ``args[0]`` says why."""


class Xdb:
    """
    One open file.

    :raises Broken: if it cannot be what it should be
    """

    def __init__(self, path: str | Path) -> None:
        try:
            self._file = Path(path).open("rb", buffering=0)  # noqa: SIM115 - as long as the process
            self._size = os.fstat(self._file.fileno()).st_size
        except OSError as fault:
            raise Broken(fault.strerror or str(fault)) from fault
        header = self._read(0, HEADER)
        self.structure, self._first, self._last = (
            *struct.unpack_from("<H", header),
            *struct.unpack_from("<II", header, 8),
        )
        version = struct.unpack_from("<H", header, 16)[0] if self.structure == NEW else 4
        if self.structure not in (OLD, NEW) or version not in (4, 6):
            raise Broken("it is not an xdb file of structure 2 or 3")
        self.version, self._address = version, 4 if version == 4 else 16
        self._segment = 2 * self._address + TEXT.size
        if self._first < HEADER + CELL * CELLS or self._last < self._first or self._last + self._segment > self._size:
            raise Broken("its index lies outside of it: was it copied whole?")
        for place in (self._first, self._last):
            self._text(self._read(place, self._segment))

    def find(self, ip: str) -> str:
        """
        The text of an address; empty where the file has none, or another kind of address.

        :raises Broken: if the file does not hold what its index promises
        :raises ValueError: if that is no address
        """
        wanted = ipaddress.ip_address(ip)
        if wanted.version != self.version:
            return ""
        packed = wanted.packed
        cell = self._read(HEADER + CELL * (packed[0] * 256 + packed[1]), CELL)
        begin, end = struct.unpack("<II", cell)
        if not begin or not end:
            return ""
        low, high = 0, (min(end, self._last) - begin) // self._segment
        while low <= high:
            middle = (low + high) // 2
            segment = self._read(begin + middle * self._segment, self._segment)
            if packed < self._bound(segment, 0):
                high = middle - 1
            elif packed > self._bound(segment, self._address):
                low = middle + 1
            else:
                return self._text(segment)
        return ""

    def _bound(self, segment: bytes, at: int) -> bytes:
        found = segment[at : at + self._address]
        return found[::-1] if self.version == 4 else found

    def _text(self, segment: bytes) -> str:
        length, place = TEXT.unpack_from(segment, 2 * self._address)
        try:
            return self._read(place, length).decode()
        except UnicodeDecodeError as fault:
            raise Broken("its texts are not UTF-8") from fault

    def _read(self, place: int, length: int) -> bytes:
        try:
            found = os.pread(self._file.fileno(), length, place)
        except OSError as fault:
            raise Broken(fault.strerror or str(fault)) from fault
        if len(found) != length:
            raise Broken("it ends too early: was it copied whole?")
        return found
