"""
Bring this copy up to date: `python -m tooling.prepare static | data ORDERS` (runs inside `.venv`).

Static files; tables, cache table, and demo data when nobody is there yet.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

import django
from django.core.management import call_command

from tooling.demo import PEOPLE, SEEDING
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
    from django.conf import settings

    if stamp.exists() and stamp.read_text() == now and settings.STATIC_ROOT.is_dir():
        return False
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(now)
    return True


def forget_half_a_seed() -> None:
    """Start over where the last seeding was cut short: half a demo explains nothing."""
    from django.conf import settings

    database = Path(str(settings.DATABASES["default"]["NAME"]))
    if not SEEDING.exists() or VAR not in database.parents:
        return
    say("  The last start was cut short while it made the demo data; starting over.")
    for leftover in database.parent.glob(database.name + "*"):
        leftover.unlink()
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
    SEEDING.unlink()


def seed(orders: int) -> None:
    """Make the demo data, with a mark that stays behind if it is cut short."""
    SEEDING.touch()
    call_command("seed_demo", **({"orders": orders} if orders else {}))
    SEEDING.unlink()


def nobody_is_there() -> bool:
    from django.contrib.auth import get_user_model

    return not get_user_model()._default_manager.exists()


def make_tables() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)


def make_data(orders: int) -> None:
    """Bring the tables up to date, fill them when they are empty, and write down who is there."""
    forget_half_a_seed()
    with phase("tables"):
        make_tables()
    if nobody_is_there():
        with phase("demo data"):
            seed(orders)
    elif orders:
        say("  Demo data is there already; --orders needs a fresh start: remove the var folder.")
    with PEOPLE.open("w", encoding="utf-8") as file:
        call_command("demo_people", stdout=file, no_color=True)


def main(args: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    if args[0] == "static":
        with phase("static files"):
            collect_static()
    else:
        make_data(int(args[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
