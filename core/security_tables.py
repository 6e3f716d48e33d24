"""
The tables of docs/security.md that nobody keeps by hand: limits, security events, sealed columns, and those of the apps
(``SECURITY_TABLES``): roles, acts that ask again, lives of sessions, what is forgotten when.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from django.conf import settings
from django.utils import translation
from django.utils.module_loading import import_string

from core import retention
from core.resealing import columns
from core.security_log import EVENTS

UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}


def limits() -> str:
    """Doors and rates of the pages."""
    rows = ["| rate | doors | who is counted | how often |", "|---|---|---|---|"]
    for name, by in sorted(settings.PAGE_RATES.items()):
        doors = sorted(f"`{door}` {method}" for (door, method), rate in settings.PAGE_LIMITS.items() if rate == name)
        for place, (who, rate) in enumerate(sorted(by.items())):
            told = ", ".join(doors) or "none yet"
            rows.append(f"| {name if not place else ''} | {told if not place else ''} | {who} | {words(rate)} |")
    return "\n".join(rows)


def api_limits() -> str:
    rows = ["| rate | how often |", "|---|---|"]
    rows += [f"| {name} | {words(rate)} |" for name, rate in sorted(settings.API_RATES.items())]
    return "\n".join(rows)


def words(rate: str) -> str:
    """``20/m,300/d`` as one says it."""
    parts = [part.strip().partition("/") for part in rate.split(",") if part.strip()]
    return ", ".join(f"{amount} a {UNITS[unit]}" for amount, _slash, unit in parts) or "no limit"


def events() -> str:
    return "\n".join(["| event | when |", "|---|---|", *(f"| `{name}` | {told} |" for name, told in EVENTS.items())])


def sealed() -> str:
    names = sorted(f"`{column}` ({type(column.field).__name__})" for column in columns())
    return "\n".join(f"- {name}" for name in names)


def kept() -> str:
    """Class of data → how long → by whom."""
    rows = ["| what | kept | deleted by | why |", "|---|---|---|---|"]
    rows += [f"| {row.what} | {row.how_long} | {row.by} | {row.why or '–'} |" for row in retention.table()]
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {"limits": limits, "api": api_limits, "events": events, "sealed": sealed,
                                       "kept": kept}  # fmt: skip


def filled(page: str) -> str:
    """The page with each marked table made anew."""
    of_apps = {name: import_string(path) for name, path in settings.SECURITY_TABLES.items()}
    with translation.override("en"):
        for name, make in {**TABLES, **of_apps}.items():
            mark = re.compile(rf"(<!-- {name}: [^>]*-->\n).*?(<!-- end -->)", re.DOTALL)
            page = mark.sub(lambda found, make=make: f"{found[1]}{make()}\n{found[2]}", page)  # type: ignore[misc]
    return page


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
