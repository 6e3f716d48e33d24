"""
Bring this copy's data up to date in one process: `python -m tooling.prepare [orders]` (runs inside `.venv`).

Static files, tables, cache table, and demo data when nobody is there yet.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import django
from django.core.management import call_command

from tooling.demo import PEOPLE
from tooling.house import VAR, fingerprint, phase, say


def static_fingerprint() -> str:
    """Return what changes when any static file does."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders

    seen = hashlib.sha256(fingerprint("requirements.txt").encode())
    seen.update(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = os.stat(storage.path(name))
            seen.update(f"{name}:{found.st_size}:{found.st_mtime_ns}".encode())
    return seen.hexdigest()


def collect_static() -> bool:
    """Collect the static files unless they are the ones collected last time."""
    stamp, now = VAR / "static.stamp", static_fingerprint()
    if stamp.exists() and stamp.read_text() == now:
        return False
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(now)
    return True


def nobody_is_there() -> bool:
    from django.contrib.auth import get_user_model

    return not get_user_model()._default_manager.exists()


def tasks(orders: int) -> Iterator[tuple[str, Any]]:
    yield (
        "tables",
        lambda: (
            call_command("migrate", interactive=False, verbosity=0),
            call_command("createcachetable", verbosity=0),
        ),
    )
    yield "static files", collect_static
    options = {"orders": orders} if orders else {}
    if nobody_is_there():
        yield "demo data", lambda: call_command("seed_demo", verbosity=0, **options)
    elif orders:
        say("  Demo data is there already; remove the var folder to seed anew with --orders.")


def main(args: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    start = time.monotonic()
    django.setup()
    say(f"  {'loading the code':<22} {time.monotonic() - start:6.1f} s")
    for name, work in tasks(int(args[0]) if args else 0):
        with phase(name):
            work()
    with PEOPLE.open("w", encoding="utf-8") as file:
        call_command("demo_people", stdout=file, no_color=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
