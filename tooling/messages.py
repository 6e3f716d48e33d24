"""The texts to translate: `python -m tooling.messages make | compile | check` (runs inside `.venv`)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tooling import mo
from tooling.house import ROOT, in_ci, known_files, say

LANGUAGE = "zh_Hans"
CATALOGUE = Path("locale") / LANGUAGE / "LC_MESSAGES" / "django.po"
KINDS = {".py", ".html", ".txt"}
OUTSIDE = ("tests", "bench", "tooling", "docs", "var")
EXTRACT = ["makemessages", "-l", LANGUAGE, "-e", "py,html,txt", "--no-wrap", "--no-obsolete"]
EXTRACT += ["--add-location", "never", "-v", "0"]


def sources() -> list[Path]:
    """List the files that may hold texts."""
    return [
        path for path in known_files() if path.suffix in KINDS and path.parts[0] not in OUTSIDE and len(path.parts) > 1
    ]


def extract(target: Path) -> None:
    """Write the catalogue of the sources as they are now to `target`, keeping the translations there are."""
    with tempfile.TemporaryDirectory(prefix="tashi-messages-") as name:
        copy = Path(name)
        (copy / CATALOGUE).parent.mkdir(parents=True)
        for path in sources():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, copy / path)
        if (ROOT / CATALOGUE).exists():
            shutil.copyfile(ROOT / CATALOGUE, copy / CATALOGUE)
        env = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
        subprocess.run([sys.executable, "-m", "django", *EXTRACT], cwd=copy, env=env, check=True)
        shutil.copyfile(copy / CATALOGUE, target)


def entries(path: Path) -> list[mo.Entry]:
    return [entry for entry in mo.read(path.read_text(encoding="utf-8")) if entry.singular]


def faults() -> list[str]:
    """Return everything that keeps the catalogue from being complete, in words."""
    path = ROOT / CATALOGUE
    if not path.exists():
        return [f"{CATALOGUE} does not exist"]
    there = entries(path)
    found = [f"not translated: {entry.singular!r}" for entry in there if not entry.is_complete]
    found += [f"fuzzy: {entry.singular!r}" for entry in there if entry.fuzzy]
    with tempfile.TemporaryDirectory(prefix="tashi-messages-") as name:
        fresh = Path(name) / "django.po"
        extract(fresh)
        wanted = {entry.key: entry.singular for entry in entries(fresh)}
    known = {entry.key: entry.singular for entry in there}
    found += [f"in the sources, not in the catalogue: {wanted[key]!r}" for key in sorted(wanted.keys() - known.keys())]
    found += [f"in the catalogue, not in the sources: {known[key]!r}" for key in sorted(known.keys() - wanted.keys())]
    return found


def check() -> int:
    if shutil.which("xgettext") is None:
        say("gettext is not installed, so the catalogue was not compared: sudo apt-get install gettext")
        return 1 if in_ci() else 0
    found = faults()
    for line in found[:40]:
        say(line)
    if len(found) > 40:
        say(f"… and {len(found) - 40} more")
    return 1 if found else 0


def make() -> int:
    if shutil.which("xgettext") is None:
        say("Collecting texts needs gettext: sudo apt-get install gettext")
        return 1
    (ROOT / CATALOGUE).parent.mkdir(parents=True, exist_ok=True)
    extract(ROOT / CATALOGUE)
    mo.compile_stale(ROOT / "locale")
    there = entries(ROOT / CATALOGUE)
    open_ = sum(1 for entry in there if not entry.is_complete or entry.fuzzy)
    say(f"{CATALOGUE}: {len(there)} texts, {open_} still to translate")
    return 0


def compile_() -> int:
    say(f"{mo.compile_stale(ROOT / 'locale')} catalogues compiled")
    return 0


if __name__ == "__main__":
    sys.exit({"make": make, "check": check, "compile": compile_}[sys.argv[1]]())
