"""Several acts at the same moment: what the race tests are made of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from core.errors import DomainError
from escrow.queries import books

Refusals = tuple[type[Exception], ...]
REFUSED: Refusals = (DomainError,)


def at_once(acts: Sequence[Callable[[], object]], *, beaten: Refusals = REFUSED) -> list[object]:
    """
    Start all acts behind one barrier, each on its own connection; give the result of each, or how it was refused.

    ``beaten``: the errors that the beaten may get. Any other is the test's failure.
    """
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return act()
        except beaten as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def winners(results: Sequence[object], *, beaten: Refusals = REFUSED) -> list[object]:
    """What came of the acts that were not refused."""
    return [result for result in results if not isinstance(result, beaten)]


def books_agree() -> None:
    """Every rule of the books holds, and all accounts of a currency come to nothing together."""
    found = books()
    assert found.discrepancies == []
    assert set(found.sums.values()) <= {0}
