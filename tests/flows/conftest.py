"""After every test of a flow, whatever happened in it, the books balance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from escrow.queries import books


@pytest.fixture(autouse=True)
def books_balance(db: None) -> Iterator[None]:
    """After every test, whatever happened in it, the books balance."""
    yield
    state = books()
    assert state.discrepancies == [], state.discrepancies
