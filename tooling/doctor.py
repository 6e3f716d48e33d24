"""`./run doctor`: what this machine lacks, and the line that installs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass

from tooling.demo import BANK_PORT
from tooling.house import ENV_FILE, PYTHON, free_port, say, uv, works
from tooling.servers import chromium_binary, postgres_folder, redis_binary


@dataclass(frozen=True)
class Need:
    """One thing that may be missing; `package` is its Debian name."""

    name: str
    found: str
    needed_for: str
    package: str = ""
    is_needed: bool = True


def chinese_font() -> str:
    """Return a font on this machine that can write Chinese."""
    if shutil.which("fc-list") is None:
        return ""
    asked = ["fc-list", ":lang=zh-cn", "family"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    return (answer.stdout.splitlines() or [""])[0].split(",")[0]


def needs() -> list[Need]:
    """List what the commands use, with where it is."""
    folder = postgres_folder()
    python = f"{sys.version_info.major}.{sys.version_info.minor} {sys.executable}"
    has_venv = works([PYTHON, "--version"]) or uv() is not None or works([sys.executable, "-c", "import ensurepip"])
    return [
        Need("Python 3.11+", python, "everything"),
        Need("venv or uv", "yes" if has_venv else "", "everything", "python3-venv"),
        Need("git", shutil.which("git") or "", "messages, check", "git"),
        Need("uv", uv() or "", "faster installing (pip does it too); ./run lock", is_needed=False),
        Need("PostgreSQL", str(folder or ""), "test, bench", "postgresql"),
        Need("Redis", redis_binary() or "", "test, bench", "redis-server"),
        Need("Chromium", chromium_binary() or "", "test in a browser", "chromium"),
        Need("Node.js, npx", shutil.which("npx") or "", "bench lighthouse", is_needed=False),
        Need("a Chinese font", chinese_font(), "Chinese pages in Chromium", "fonts-noto-cjk"),
        Need("gettext", shutil.which("xgettext") or "", "messages, check", "gettext"),
    ]


def report() -> int:
    """Print the list and, if something is missing, one line that installs it all."""
    found = needs()
    for need in found:
        mark = "ok     " if need.found else ("MISSING" if need.is_needed else "without")
        say(f"  {mark}  {need.name:<16} {need.found or 'needed for: ' + need.needed_for}")
    say(f"  {'ok     ' if ENV_FILE.exists() else 'later  '}  {'.env':<16} made by the first ./run demo, test or check")
    say(f"  ok       {'free ports':<16} {free_port()} for the shop, {free_port(BANK_PORT)} for the pretended bank")
    missing = [need for need in found if need.is_needed and not need.found]
    packages = [need.package for need in missing if need.package]
    if packages:
        say("\n  Debian or Ubuntu:  sudo apt-get install " + " ".join(packages))
    say("\nNothing is missing." if not missing else "\n`./run demo` needs only the first two lines.")
    return 1 if missing else 0
