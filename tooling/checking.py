"""`./run check`: everything that can be known without running the product."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory

from tooling import mo
from tooling.house import PYTHON, ROOT, fresh_settings, say

BIN = PYTHON.parent
HOST = "shop.tashi.example"


@dataclass(frozen=True)
class Check:
    """One check: a command that must end with 0."""

    name: str
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict)


def production_like() -> dict[str, str]:
    """Return the settings of a production server that does not exist."""
    return {
        **fresh_settings(),
        "IGNORE_DOTENV": "1",
        "SANDBOX": "0",
        "DEBUG": "0",
        "SITE_URL": f"https://{HOST}",
        "ALLOWED_HOSTS": HOST,
        "CSRF_TRUSTED_ORIGINS": f"https://{HOST}",
        "BEHIND_PROXY": "1",
    }


def checks(home: str) -> list[Check]:
    """List the checks, the slow ones first so that two cores end together."""
    python, manage = str(PYTHON), [str(PYTHON), "manage.py"]
    own = {"VAR_DIR": home, "DATABASE_URL": f"sqlite:///{home}/check.sqlite3", "REDIS_URL": ""}
    deploy = {**own, **production_like(), **production_parts()}
    return [
        Check("types", [python, "-m", "mypy"]),
        Check("house rules", [python, "-m", "pytest", "tests/architecture", "-q", "-n0"], {"DATABASE_URL": ""}),
        Check("messages", [python, "-m", "tooling.messages", "check"]),
        Check("lint", [str(BIN / "ruff"), "check", "--output-format", "concise", "."]),
        Check("format", [str(BIN / "ruff"), "format", "--check", "--output-format", "concise", "."]),
        Check("import arrows", [str(BIN / "lint-imports")]),
        Check("migrations", [*manage, "makemigrations", "--check", "--dry-run"], own),
        Check("deployment", [*manage, "check", "--deploy", "--fail-level", "WARNING"], deploy),
    ]


def production_parts() -> dict[str, str]:
    """Name the servers a production has; nothing connects to them here."""
    return {
        "DATABASE_URL": "postgres://tashi:unlikely-password@database.internal:5432/tashi?sslmode=verify-full",
        "REDIS_URL": "rediss://:unlikely-password@redis.internal:6379/0",
        "SMS_CHANNEL": "webhook",
        "SMS_WEBHOOK_URL": "https://sms.internal/send",
        "SMS_WEBHOOK_SECRET": "unlikely-secret-of-some-length",
        "PAYMENT_GATEWAYS": "none",
    }


def run_one(check: Check) -> tuple[Check, bool, str, float]:
    start = time.monotonic()
    env = {**os.environ, "NO_COLOR": "1", **check.env}
    ran = subprocess.run(check.command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    return check, ran.returncode == 0, (ran.stdout + ran.stderr).strip(), time.monotonic() - start


def run_checks(wanted: list[str]) -> int:
    """Run all checks, or the named ones, side by side; show what each failed one said."""
    mo.compile_stale(ROOT / "locale")
    failed: list[str] = []
    with TemporaryDirectory(prefix="tashi-check-") as home, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        chosen = [check for check in checks(home) if not wanted or check.name in wanted]
        for check, is_good, text, seconds in pool.map(run_one, chosen):
            say(f"{'ok    ' if is_good else 'FAILED'} {check.name:<14} {seconds:6.1f} s")
            notes = [line for line in text.splitlines() if line.startswith(("Skipped", "gettext is not"))]
            if not is_good:
                failed.append(check.name)
                notes = text.splitlines()[-150:]
            for line in notes:
                say(f"       {line}")
    names = ", ".join(failed)
    say(f"\n{len(chosen) - len(failed)} of {len(chosen)} checks passed" + (f"; failed: {names}" if failed else ""))
    return 1 if failed or not chosen else 0
