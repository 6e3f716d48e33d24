"""What every test gets: the parts of `./run test`, an empty cache, and the account of the run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

FOLDERS_FOR_POSTGRES = ("races", "faults", "journeys", "escrow", "flows", "core")
TESTS = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", choices=("sqlite", "postgres", "browser"), help="the part of ./run test to keep")


def folder_of(item: pytest.Item) -> str:
    inside = item.path.relative_to(TESTS).parts
    return inside[0] if len(inside) > 1 else ""


def belongs(item: pytest.Item, part: str) -> bool:
    """Say whether a test is of a part; one test may be of several."""
    is_browser = folder_of(item) == "browser" or item.get_closest_marker("browser") is not None
    if part == "browser" or is_browser:
        return part == "browser" and is_browser
    if part == "sqlite":
        return item.get_closest_marker("pg") is None
    marked = any(item.get_closest_marker(name) for name in ("pg", "money", "race", "fault"))
    return marked or folder_of(item) in FOLDERS_FOR_POSTGRES


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    part = config.getoption("--part")
    if part:
        kept = [item for item in items if belongs(item, part)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept
    elif "postgres" not in os.environ.get("DATABASE_URL", ""):
        for item in items:
            if item.get_closest_marker("pg"):
                item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: ./run test --pg"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Leave the counts where `./run test` reads them."""
    target = os.environ.get("TEST_REPORT")
    if not target:
        return
    found = terminalreporter.stats
    counts = {word: len(found.get(word, [])) for word in ("passed", "skipped", "xfailed")}
    counts["failed"] = len(found.get("failed", [])) + len(found.get("error", []))
    counts["collected"] = terminalreporter._numcollected - len(found.get("deselected", []))
    Path(target).write_text(json.dumps(counts))


@pytest.fixture(autouse=True)
def empty_cache(request: pytest.FixtureRequest) -> None:
    """Give a test that may use the database an empty cache: rate limits of one test are not another's."""
    uses_database = {"db", "transactional_db", "live_server"} & set(request.fixturenames)
    if uses_database or request.node.get_closest_marker("django_db"):
        from django.core.cache import cache

        request.getfixturevalue("db")
        cache.clear()
