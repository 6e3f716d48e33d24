"""How the architecture tests see the house: its files as git sees them."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("core", "accounts", "shop", "escrow", "logistics", "disputes", "flows", "demo")


@cache
def files() -> tuple[Path, ...]:
    """List what is in the repository or would be with the next commit; without git, what lies there."""
    asked = ["git", "ls-files", "-co", "--exclude-standard"]
    try:
        answer = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        names = set(answer.splitlines())
    except (OSError, subprocess.CalledProcessError):
        outside = {".venv", "var", ".git", "node_modules"}
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        names = {str(path) for path in found if not outside & set(path.parts)}
    return tuple(sorted(Path(name) for name in names if (ROOT / name).is_file()))


def named(*suffixes: str) -> list[Path]:
    return [path for path in files() if path.suffix in suffixes]


@cache
def text_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def python_files() -> list[Path]:
    """All Python but migrations, which are written once and left alone."""
    return [path for path in [*named(".py"), Path("run")] if "migrations" not in path.parts]


def templates() -> list[Path]:
    return [path for path in named(".html", ".txt") if "templates" in path.parts]
