"""What every test gets: the parts of `./run test`, an empty cache, and the account of the run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as trials

from tests import ids

FOLDERS_FOR_POSTGRES = ("races", "faults", "journeys", "escrow", "flows", "core", "shop")
TESTS = Path(__file__).parent

# A slow machine is no fault of the code, and a run that failed fails again.
trials.register_profile("house", deadline=None, derandomize=True)
trials.load_profile("house")


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


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    ids.begin(item.nodeid)


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


def uses_database(request: pytest.FixtureRequest) -> bool:
    asked = {"db", "transactional_db", "live_server"} & set(request.fixturenames)
    return bool(asked) or request.node.get_closest_marker("django_db") is not None


@pytest.fixture(autouse=True)
def empty_cache(request: pytest.FixtureRequest) -> None:
    """Give a test that may use the database an empty cache: rate limits of one test are not another's."""
    if uses_database(request):
        from django.core.cache import cache

        from core import limits
        from core.policies import rules_of

        request.getfixturevalue("db")
        cache.clear()
        limits.forget()
        rules_of.cache_clear()  # a policy's number is another policy's in the next test


@pytest.fixture(autouse=True, scope="session")
def rewritable_when_emptied() -> Iterator[None]:
    """Tests that commit empty all tables afterwards: the triggers of append-only tables step aside for that moment."""
    from django.db import connection
    from django.test import TransactionTestCase

    from core.append_only import guard, unguard

    guarded: dict[str, tuple[str, ...]] = {
        "core_auditentry": (),
        "accounts_loginevent": (),
        "accounts_incidententry": (),
        "escrow_compensation": (
            "id",
            "incident_id",
            "number",
            "store_id",
            "payment_id",
            "amount_minor",
            "currency",
            "reason",
            "needs_two",
            "proposed_by",
            "proposed_at",
        ),
        "accounts_signinchange": ("user_id", "what", "old_value", "new_value", "at", "device_id", "ip"),
        "core_auditseal": (),
        "escrow_transfer": (),
        "escrow_sealed": (),
        "escrow_sealednode": (),
        "escrow_checkpoint": (),
        "escrow_custodyproof": (),
        "escrow_accountcheckpoint": (),
        "escrow_account": ("id", "key", "kind", "owner_id", "currency"),
    }
    young = dict.fromkeys(("accounts_loginevent", "accounts_signinchange"), ("at", 180))
    empty = TransactionTestCase._fixture_teardown

    def teardown(case: TransactionTestCase) -> None:
        for table in guarded:
            unguard(connection, table)
        try:
            empty(case)
        finally:
            for table, columns in guarded.items():
                guard(connection, table, columns=columns, keep=young.get(table))

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = empty  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def still_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test inherits another's clock, and one without a database does not ask for the sandbox offset."""
    from core import clock

    # Nobody else moves this process's clock: without the timed look at its row, queries can be counted.
    monkeypatch.setattr(clock, "STALE_SECONDS", 3_600)
    monkeypatch.setattr("core.views.clock.SEEN_BY_ALL_SECONDS", 0)
    clock.forget()
    if not uses_database(request):
        clock._cached = (float("inf"), timedelta())
    yield
    clock.forget()


@pytest.fixture(autouse=True)
def no_announcements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else publishes here: without the timed look for another version, queries can be counted."""
    from accounts.queries import announcements

    monkeypatch.setattr(announcements, "STALE_SECONDS", 3_600.0)
    monkeypatch.setattr(announcements, "_kept", announcements.Kept(looked_at=float("inf")))


@pytest.fixture(autouse=True)
def fresh_categories(monkeypatch: pytest.MonkeyPatch) -> None:
    """Categories of one test are not another's."""
    monkeypatch.setattr("shop.queries.catalogue.TREE_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def own_wire(settings: Any) -> Iterator[None]:
    """
    The sandbox bank and carrier answer in this process; ``tests/browser/test_real_parts.py`` has them on sockets.

    The bank is a new one for each test: ``tests.sandbox.server()``.
    """
    from core.wire import in_process
    from escrow import pretended
    from tests import sandbox

    settings.SITE_URL = "http://testserver"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Argon2 is slow on purpose
    sandbox.bank = bank = pretended.Server(is_bank=True, post=pretended.post_here)
    settings.FAKEPAY_URL = pretended.HERE
    settings.PROVIDERS = {**settings.PROVIDERS, **pretended.shop_values(bank, "sandbox")}
    with in_process({pretended.HERE: bank}):
        yield


@pytest.fixture(autouse=True)
def signing_in_is_fresh() -> Iterator[None]:
    """``force_login`` stands for a password entered this moment; ``tests.fresh`` lets that grow old."""
    from django.contrib.auth.signals import user_logged_in

    from tests.fresh import note_proof

    user_logged_in.connect(note_proof, dispatch_uid="tests.fresh")
    yield
    user_logged_in.disconnect(dispatch_uid="tests.fresh")
