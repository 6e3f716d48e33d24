"""
Random ids of the test process: the same in each run of a test, so that one that failed fails again.

Rows are often read in the order of their ids, and a test that leans on such an order without knowing it passes by luck.
``TEST_IDS=up`` and ``TEST_IDS=down`` make each new id greater or smaller than the last: `TEST_IDS=down ./run test`
finds what leans on it. What a test starts or forks has ids of its own.
"""

from __future__ import annotations

import itertools
import os
import random
import uuid
from collections.abc import Callable

WAY = os.environ.get("TEST_IDS", "")

_turns = itertools.count(1)
_dice: random.Random | None = None


def _seeded() -> uuid.UUID:
    bits = _dice.getrandbits if _dice else random.SystemRandom().getrandbits
    return uuid.UUID(int=bits(128), version=4)


def _in_turn() -> uuid.UUID:
    turn = next(_turns)
    return uuid.UUID(int=(turn if WAY == "up" else 2**32 - turn) << 96 | random.getrandbits(96), version=4)


def take_over() -> None:
    """Put this module's ids in the place of ``uuid.uuid4``; models read it when they are loaded, so before them."""
    makers: dict[str, Callable[[], uuid.UUID]] = {"": _seeded, "up": _in_turn, "down": _in_turn}
    if WAY not in makers:
        raise SystemExit(f"TEST_IDS is up, down or left out, not {WAY!r}.")
    uuid.uuid4 = makers[WAY]
    os.register_at_fork(after_in_child=give_back)


def give_back() -> None:
    """Ids are the machine's own again: two processes with one seed would make the same."""
    global _dice
    _dice = None


def begin(name: str) -> None:
    """Ids of this process now depend on the name of the test and on nothing else."""
    global _dice
    _dice = random.Random(name)
