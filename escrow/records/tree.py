"""
The shape of RFC 6962's Merkle tree, over leaves and chunks that lie in tables.

Beside the leaves lies the hash of every 256 of them, and of every 256 of those, so that a root or a proof for a million
leaves reads a few hundred rows. The log and the custody proof each say what a leaf is and how two are joined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from escrow.models import Sealed, SealedNode

CHUNK = 256
LEVELS = (1, 2, 3, 4)
EMPTY = hashlib.sha256(b"").digest()
T = TypeVar("T")


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1


def fold(parts: Sequence[T], join: Callable[[T, T], T]) -> T:
    """The root over equal, complete subtrees (or single leaves), RFC 6962 §2.1."""
    if len(parts) == 1:
        return parts[0]
    cut = split(len(parts))
    return join(fold(parts[:cut], join), fold(parts[cut:], join))


class Tree(Generic[T]):
    """A tree as it lies in the database, up to some size. Make one per question: it remembers what it has read."""

    empty: T

    def __init__(self) -> None:
        self._chunks: dict[tuple[int, int], list[T]] = {}

    def join(self, left: T, right: T) -> T:
        raise NotImplementedError

    def load(self, level: int, low: int, high: int) -> list[T]:
        """Give the hashes over 256 ** ``level`` leaves each, from place ``low`` to before ``high``."""
        raise NotImplementedError

    def root(self, size: int) -> T:
        """The root of the first ``size`` leaves."""
        return self._range(0, size) if size else self.empty

    def inclusion(self, seq: int, size: int) -> list[T]:
        """The audit path of leaf ``seq`` in the tree of ``size``, RFC 6962 §2.1.1."""
        assert 0 <= seq < size
        return self._path(seq, 0, size)

    def consistency(self, old: int, new: int) -> list[T]:
        """What shows that the tree of ``new`` leaves begins with that of ``old``, RFC 6962 §2.1.2."""
        assert 0 < old <= new
        return [] if old == new else self._subproof(old, 0, new, whole=True)

    def _path(self, seq: int, low: int, high: int) -> list[T]:
        if high - low == 1:
            return []
        cut = low + split(high - low)
        if seq < cut:
            return [*self._path(seq, low, cut), self._range(cut, high)]
        return [*self._path(seq, cut, high), self._range(low, cut)]

    def _subproof(self, old: int, low: int, high: int, *, whole: bool) -> list[T]:
        if old == high:
            return [] if whole else [self._range(low, high)]
        cut = low + split(high - low)
        if old <= cut:
            return [*self._subproof(old, low, cut, whole=whole), self._range(cut, high)]
        return [*self._subproof(old, cut, high, whole=False), self._range(low, cut)]

    def _range(self, low: int, high: int) -> T:
        """The hash over leaves ``low`` to ``high``, a subtree as RFC 6962 cuts them."""
        count = high - low
        for level in (0, *LEVELS):
            size = CHUNK**level
            if count <= CHUNK * size and low % size == 0 and count % size == 0:
                return fold(self._parts(level, low // size, high // size), self.join)
        cut = low + split(count)
        return self.join(self._range(low, cut), self._range(cut, high))

    def _parts(self, level: int, low: int, high: int) -> list[T]:
        """From the one chunk in which they lie: a subtree of RFC 6962 never crosses the border of a bigger one."""
        first = low - low % CHUNK
        known = self._chunks.get((level, first), [])
        if len(known) < high - first:
            known = self._chunks[level, first] = self.load(level, first, first + CHUNK)
        return known[low - first : high - first]


class LogTree(Tree[bytes]):
    """The tree over the sealed transfers."""

    empty = EMPTY

    def join(self, left: bytes, right: bytes) -> bytes:
        return node_hash(left, right)

    def load(self, level: int, low: int, high: int) -> list[bytes]:
        if level == 0:
            leaves = Sealed.objects.filter(seq__gte=low, seq__lt=high).order_by("seq")
            return [bytes(leaf) for leaf in leaves.values_list("leaf", flat=True)]
        nodes = SealedNode.objects.filter(level=level, place__gte=low, place__lt=high).order_by("place")
        return [bytes(node) for node in nodes.values_list("hash", flat=True)]
