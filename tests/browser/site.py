"""The demo, served as it is served to people, for the browser to walk through."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tooling import services
from tooling.house import PYTHON, any_port
from tooling.processes import Child, stop_all
from tooling.servers import wait_for

SEEDED = "browser-site"


@dataclass(frozen=True, slots=True)
class Site:
    """``pages``: by role, each with the key of whose session opens it; ``sessions``: their cookies."""

    base: str
    pages: dict[str, list[tuple[str, str]]]
    sessions: dict[str, str]


def environment(var: Path, *, static: Path) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "tests.browser.site_settings",
        "VAR_DIR": str(var),
        "STATIC_ROOT": str(static),
        "STATIC_STORAGE": "whitenoise.storage.CompressedManifestStaticFilesStorage",
        "DATABASE_URL": f"sqlite:///{var / 'tashi.sqlite3'}",
        "REDIS_URL": "",
        "IGNORE_DOTENV": "1",
        "SANDBOX": "1",
        "DEBUG": "0",
        "NUDGE": "0",
        "CUSTODY_SECONDS": "86400",  # an order of the seeding has no money at the bank: payouts would stop
        "LOG_LEVEL": "CRITICAL",
    }


def seed_once(shared: Path) -> Path:
    """Give the folder of the filled site; of several test processes the first one fills it, the others wait."""
    shared.mkdir(parents=True, exist_ok=True)
    home = shared / SEEDED
    with (shared / f"{SEEDED}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "pages.json").exists():
            shutil.rmtree(home, ignore_errors=True)
            (home / "var").mkdir(parents=True)
            env = {**environment(home / "var", static=home / "static"), "SITE_URL": "http://testserver"}
            command = [PYTHON, "-m", "tests.browser.seeded", home / "pages.json"]
            child = Child("seeding", command, env=env, log=home / "seeding.log")
            assert child.wait() == 0, f"the site could not be filled:\n{child.last_lines(40)}"
    return home


@contextmanager
def serve(own: Path) -> Iterator[Site]:
    """Serve a copy of the filled site from a folder of one's own: what one walker reads, another has not read yet."""
    home = seed_once(Path(os.environ["TEST_DIR"]))
    var = own / "site"
    shutil.copytree(home / "var", var)
    bank = start_bank(var / "fakepay", log=own / "site-bank.log")
    port = any_port()
    base = f"http://127.0.0.1:{port}"
    command = services.web(bind=f"127.0.0.1:{port}")
    env = {**environment(var, static=home / "static"), "SITE_URL": base}
    web = Child("web", [PYTHON.parent / command[0], *command[1:]], env=env, log=own / "site-web.log")
    try:
        wait_for(port, web)
        told = json.loads((home / "pages.json").read_text())
        yield Site(base, {role: [tuple(row) for row in rows] for role, rows in told["pages"].items()}, told["sessions"])
    finally:
        stop_all([web, bank])


def start_bank(folder: Path, *, log: Path) -> Child:
    """The pretended provider in a process of its own; the shop reads where it answers as it starts."""
    (folder / "shop.json").unlink(missing_ok=True)
    bank = Child("bank", [PYTHON, "-m", *services.bank(folder=str(folder), port=any_port())], log=log)
    end = time.monotonic() + 60
    while not (folder / "shop.json").exists():
        assert bank.is_running() and time.monotonic() < end, bank.last_lines()
        time.sleep(0.05)
    return bank
