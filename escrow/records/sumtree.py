"""
The Merkle-sum tree over open holds: every node carries the sum below it, so that a root cannot hide a debt.

Shape as in the log (RFC 6962). A node's hash covers both halves' sums and hashes; no sum may be negative, and whoever
checks a path adds up on the way.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from escrow.models import CustodyLeaf, CustodyNode
from escrow.records.tree import CHUNK, EMPTY, Tree

VERSION = "tashi-hold-v1"


class Sum(NamedTuple):
    """A hash and what is held below it, in minor units."""

    hash: bytes
    minor: int


def leaf_of(*, order: str, nonce: str, currency: str, minor: int) -> Sum:
    """The nonce is known to the parties of the order alone: nobody else can tell whose leaf it is."""
    texts = [VERSION, order, nonce, currency, str(minor)]
    data = b"".join(len(text.encode()).to_bytes(4, "big") + text.encode() for text in texts)
    return Sum(hashlib.sha256(b"\x00" + data).digest(), minor)


def join(left: Sum, right: Sum) -> Sum:
    data = b"".join(part.minor.to_bytes(8, "big") + part.hash for part in (left, right))
    return Sum(hashlib.sha256(b"\x01" + data).digest(), left.minor + right.minor)


class SumTree(Tree[Sum]):
    """The tree of one proof."""

    empty = Sum(EMPTY, 0)

    def __init__(self, proof_id: int) -> None:
        super().__init__()
        self.proof_id = proof_id

    def join(self, left: Sum, right: Sum) -> Sum:
        return join(left, right)

    def load(self, level: int, low: int, high: int) -> list[Sum]:
        places = {"proof": self.proof_id, "place__gte": low, "place__lt": high}
        names = ("hash", "minor")
        leaves = CustodyLeaf.objects.filter(**places).order_by("place").values_list(*names)
        nodes = CustodyNode.objects.filter(**places, level=level).order_by("place").values_list(*names)
        return [Sum(bytes(hash_), minor) for hash_, minor in (nodes if level else leaves)]


class Peaks:
    """Takes leaves one by one and gives the root and the hashes of whole chunks, in little memory."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[Sum] = []

    def append(self, leaf: Sum) -> list[tuple[int, int, Sum]]:
        """Give what has become whole by it: (level, place, hash and sum)."""
        self._peaks.append(leaf)
        whole, count, width = [], self.size, 1
        while count % 2:
            right = self._peaks.pop()
            self._peaks.append(join(self._peaks.pop(), right))
            count, width = count >> 1, width * 2
            level = {CHUNK: 1, CHUNK**2: 2, CHUNK**3: 3, CHUNK**4: 4}.get(width)
            if level:
                whole.append((level, self.size // width, self._peaks[-1]))
        self.size += 1
        return whole

    def root(self) -> Sum:
        if not self._peaks:
            return SumTree.empty
        found = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            found = join(peak, found)
        return found
