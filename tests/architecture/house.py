"""How the architecture tests see the house: its files as git sees them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tooling.house import ROOT, known_files

__all__ = ["ROOT"]
APPS = ("core", "accounts", "shop", "escrow", "logistics", "disputes", "flows", "demo")


@cache
def files() -> tuple[Path, ...]:
    return tuple(known_files())


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
