"""The table of commands behind `./run`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from tooling.house import DEV_LOCK, PYTHON, RUNTIME_LOCK, Refusal, ensure_env_file, ensure_installed, run, say, uv
from tooling.processes import Stopped, stop_on_signals

USAGE = """\
Tashi. One command for everything:

  ./run demo [--port N] [--orders N]   serve a storefront with demo data and a running worker
  ./run test [pytest arguments]        every test: SQLite, then PostgreSQL and Redis, then Chromium
  ./run check                          lint, types, import arrows, budgets, migrations, messages, deployment
  ./run bench [what]                   measure, beside a ceiling taken in the same run
  ./run security [scanner …]           Schemathesis, sqlmap and Wapiti against a throw-away sandbox
  ./run doctor                         what this machine lacks, and the line that installs it
  ./run messages                       collect the texts to translate and compile the catalogues
  ./run lock [--upgrade]               write the hashed locks from pyproject.toml

  With arguments, `./run test` runs on SQLite alone; --pg adds PostgreSQL and Redis, --browser Chromium.
"""


def demo(args: Sequence[str]) -> int:
    from tooling.demo import serve_demo

    return serve_demo(args)


def test(args: Sequence[str]) -> int:
    from tooling.testing import run_tests

    ensure_installed(dev=True)
    ensure_env_file()
    return run_tests(list(args))


def check(args: Sequence[str]) -> int:
    from tooling.checking import run_checks

    ensure_installed(dev=True)
    ensure_env_file()
    return run_checks(list(args))


def bench(args: Sequence[str]) -> int:
    from tooling.benching import run_bench

    ensure_installed(dev=True)
    ensure_env_file()
    return run_bench(list(args))


def security(args: Sequence[str]) -> int:
    from tooling.security import run_security

    ensure_installed(dev=True)
    stop_on_signals()
    return run_security(list(args))


def doctor(args: Sequence[str]) -> int:
    from tooling.doctor import report

    return report()


def messages(args: Sequence[str]) -> int:
    ensure_installed(dev=True)
    return run([PYTHON, "-m", "tooling.messages", "make"])


def lock(args: Sequence[str]) -> int:
    """
    Write both locks, with the hashes of every file of every release.

    :raises Refusal: without uv
    """
    tool = uv()
    if tool is None:
        raise Refusal("Locking needs uv; installing does not.")
    common = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-emit-index-url"]
    compile_ = [tool, "pip", "compile", "--quiet", "pyproject.toml", *common, *args]
    first = run([*compile_, "-o", RUNTIME_LOCK])
    return first or run([*compile_, "--group", "dev", "-c", RUNTIME_LOCK, "-o", DEV_LOCK])


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": demo,
    "test": test,
    "check": check,
    "bench": bench,
    "security": security,
    "doctor": doctor,
    "messages": messages,
    "lock": lock,
}


def main(args: list[str]) -> int:
    """Run one command and return its exit code."""
    command = COMMANDS.get(args[0]) if args else None
    if command is None:
        say(USAGE)
        return 0 if args in ([], ["help"], ["-h"], ["--help"]) else 2
    # What one process compiles the next ones read; a demo alone starts seven.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        return command(args[1:])
    except Refusal as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        return 128 + stopped.number
    except KeyboardInterrupt:
        return 130
