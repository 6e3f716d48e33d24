"""What carriers write, made fit to keep: no control characters, no half characters, bounded, codes blacked out."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 6
MAX_ITEMS = 60


def clean(text: object, *, limit: int) -> str:
    """One line of visible characters. PostgreSQL takes neither NUL nor half of a surrogate pair."""
    whole = str(text).encode("utf-8", "replace").decode("utf-8")
    visible = "".join(sign if unicodedata.category(sign) not in ("Cc", "Cs") else " " for sign in whole)
    return " ".join(visible.split())[:limit]


def clean_json(value: Any, *, depth: int = 0) -> Any:
    """The same for a piece of JSON; what is too deep or too long is cut off."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return value if abs(value) < 10**15 else clean(value, limit=40)
    if depth >= MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        items = list(value.items())[:MAX_ITEMS]
        return {clean(key, limit=60): clean_json(item, depth=depth + 1) for key, item in items}
    if isinstance(value, (list, tuple)):
        return [clean_json(item, depth=depth + 1) for item in value[:MAX_ITEMS]]
    return clean(value, limit=1000)


def redact(value: Any, secret: str) -> Any:
    """Black out a pick-up code wherever it occurs: it belongs to the buyer alone and has its own sealed column."""
    if not secret:
        return value
    if isinstance(value, str):
        return value.replace(secret, "****")
    if isinstance(value, dict):
        return {key: redact(item, secret) for key, item in value.items()}
    if isinstance(value, list):
        return [redact(item, secret) for item in value]
    return value


def normalise(text: str) -> str:
    """For comparing: width, case and spacing do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
