"""`./run test`: the three parts of the test suite, one after the other, and one line that sums them up."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tooling import mo
from tooling.house import PYTHON, ROOT, in_ci, say
from tooling.processes import Child, Stopped, ignore_signals, stop_on_signals
from tooling.servers import chromium_binary, postgres_folder, redis_binary, throwaway_servers

PARTS = ("sqlite", "postgres", "browser")
TITLES = {"sqlite": "SQLite", "postgres": "PostgreSQL and Redis", "browser": "Chromium"}
NO_TESTS_COLLECTED = 5


@dataclass
class Result:
    """What one part came to."""

    part: str
    code: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def failed(self) -> int:
        failed = self.counts.get("failed", 0)
        return failed or (1 if self.code != 0 else 0)


def chosen_parts(args: list[str]) -> tuple[list[str], list[str]]:
    """Split our own flags from pytest's arguments; arguments alone mean SQLite alone."""
    flags = {"--sqlite": "sqlite", "--pg": "postgres", "--browser": "browser"}
    wanted = {flags[arg] for arg in args if arg in flags}
    rest = [arg for arg in args if arg not in flags]
    if rest and "--sqlite" not in args and "--browser" not in args:
        about_browser = [arg for arg in rest if arg.startswith("tests/browser")]
        only_browser = about_browser and all(arg in about_browser for arg in rest if arg.startswith("tests/"))
        wanted |= {"browser"} if only_browser else {"sqlite"}
    return [part for part in PARTS if not wanted or part in wanted], rest


def missing_for(part: str) -> str:
    """Say what this machine lacks for a part, and how to get it; empty when nothing is missing."""
    if part == "postgres" and postgres_folder() is None:
        return "no PostgreSQL server found (sudo apt-get install postgresql)"
    if part == "postgres" and redis_binary() is None:
        return "no Redis server found (sudo apt-get install redis-server)"
    if part == "browser" and chromium_binary() is None:
        return "no Chromium found (sudo apt-get install chromium fonts-noto-cjk)"
    return ""


def pytest_command(part: str, rest: Sequence[str]) -> list[str]:
    """Return how pytest is called for a part; the person's own -n wins."""
    cores = os.cpu_count() or 1
    workers = min(cores, 2) if part == "browser" else cores
    own = any(arg.startswith(("-n", "--numprocesses", "--pdb")) for arg in rest)
    parallel = [] if own else ["-n", str(workers), "--dist", "worksteal"]
    return [str(PYTHON), "-m", "pytest", f"--part={part}", *parallel, *rest]


def run_pytest(part: str, rest: Sequence[str], *, env: dict[str, str], home: Path) -> Result:
    """Run pytest for one part, passing on a wish to stop."""
    report = home / f"{part}.json"
    own = {"TEST_DIR": str(home / part), "TEST_REPORT": str(report), "SANDBOX": "1", "DEBUG": "0"}
    start = time.monotonic()
    child = Child("pytest", pytest_command(part, rest), env={**own, **env}, stop_with=signal.SIGINT)
    try:
        code = child.wait()
    except Stopped:
        ignore_signals()
        child.ask_to_stop()
        child.stop(patience=15)
        raise
    finally:
        child.stop(patience=0)
    counts = json.loads(report.read_text()) if report.exists() else {}
    code = 0 if code == NO_TESTS_COLLECTED and rest else code
    note = "no test ran" if code == NO_TESTS_COLLECTED else ""
    return Result(part, code=code, seconds=time.monotonic() - start, counts=counts, note=note)


def run_part(part: str, rest: Sequence[str], home: Path) -> Result:
    """Run one part on what it needs, or say why it cannot run here."""
    say(f"\n=== {TITLES[part]} " + "=" * (70 - len(TITLES[part])))
    missing = missing_for(part)
    if missing and in_ci():
        say(f"This part must run here, but: {missing}.")
        return Result(part, code=1, note=missing)
    if missing:
        say(f"Skipped: {missing}. Its tests are counted below as skipped.")
        counted = run_pytest(part, [*rest, "-n0", "--collect-only", "-q", "-q"], env={}, home=home)
        return Result(part, counts={"skipped": counted.counts.get("collected", 1)}, note=missing)
    if part == "sqlite":
        return run_pytest(part, rest, env={"DATABASE_URL": "", "REDIS_URL": ""}, home=home)
    if part == "browser":
        browser = {"CHROMIUM": chromium_binary() or "", "DJANGO_ALLOW_ASYNC_UNSAFE": "1"}
        return run_pytest(part, rest, env={**browser, "DATABASE_URL": "", "REDIS_URL": ""}, home=home)
    with throwaway_servers() as env:
        return run_pytest(part, rest, env=env, home=home)


def run_tests(args: list[str]) -> int:
    """Run the chosen parts; the last line printed is the sum of them all."""
    stop_on_signals()
    parts, rest = chosen_parts(args)
    mo.compile_stale(ROOT / "locale")
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="tashi-tests-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)  # PostgreSQL's own user walks through
        for part in parts:
            results.append(run_part(part, rest, Path(name)))
    return summary(results)


def summary(results: Sequence[Result]) -> int:
    say("")
    for result in results:
        counts = ", ".join(f"{number} {word}" for word, number in result.counts.items() if word != "collected")
        say(f"{TITLES[result.part]:<22} {result.seconds:7.1f} s  {counts or 'nothing ran'}  {result.note}".rstrip())
    passed = sum(result.counts.get("passed", 0) for result in results)
    skipped = sum(result.counts.get("skipped", 0) for result in results)
    failed = sum(result.failed for result in results)
    sys.stderr.flush()
    say(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0
