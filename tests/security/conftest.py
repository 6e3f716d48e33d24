from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.security.logbook import Logbook, kept
from tests.walk.scene import Scene, set_scene


@pytest.fixture
def logbook() -> Iterator[Logbook]:
    with kept() as book:
        yield book


@pytest.fixture
def scene(db: None) -> Scene:
    return set_scene()
