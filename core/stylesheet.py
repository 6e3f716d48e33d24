"""
One stylesheet from many small files.

Each file of ``static/css/<layer>/`` goes into the cascade layer of its folder; the result is committed as
``static/css/tashi.css``, so that a page makes one request and the storage can put a hash in its name. What only the
offices of merchants and staff show lies in ``static/css/office/`` and becomes ``office.css``: a buyer does not load it.
"""

from __future__ import annotations

import re
from pathlib import Path

LAYERS = ("reset", "tokens", "base", "layout", "parts", "pages")
NOTE = "/* Made by manage.py build_css from the folders beside it. Do not edit. */\n"

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s+")
_ROUND = re.compile(r"\s*([{};,>])\s*")
_VALUE = re.compile(r"(?<=[\w)-]):\s+")


def squeeze(css: str) -> str:
    """Drop comments and the white space that means nothing; selectors keep theirs."""
    css = _SPACE.sub(" ", _COMMENT.sub("", css)).strip()
    css = _ROUND.sub(r"\1", css)
    return _VALUE.sub(":", css).replace(";}", "}")


def bundles(folder: Path) -> list[tuple[Path, str]]:
    """Each stylesheet with what should stand in it; ``folder`` is ``static/css``."""
    return [(folder / "tashi.css", bundle(folder)), (folder / "office.css", bundle(folder / "office"))]


def bundle(folder: Path) -> str:
    """The whole stylesheet, layer by layer, files by name within a layer."""
    parts = [NOTE, f"@layer {','.join(LAYERS)};\n"]
    for layer in LAYERS:
        files = sorted((folder / layer).glob("*.css"))
        rules = "\n".join(squeeze(path.read_text(encoding="utf-8")) for path in files)
        if rules:
            parts.append(f"@layer {layer}{{\n{rules}\n}}\n")
    return "".join(parts)
