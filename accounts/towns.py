"""
Province and city of an address, where the operator has given ip2region's files (``IP2REGION_XDB``); for people to read.

Nothing is decided by them: what is unusual is judged by prefix and country (``accounts.queries.signals``), which are
there without any file. A file that is missing or broken shows less, and ``manage.py check`` says so once.
"""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.utils.translation import get_language

from accounts import regions
from accounts.xdb import OLD, Broken, Xdb

BETWEEN = " · "
NONE = ("", "0")  # how the files write that they do not know


def place_words(ip: str, country: str) -> str:
    """``CN · 广东省 · 深圳市``, in the reader's language where we know the names in it; as much as there is."""
    province, city = town_of(ip)
    if (get_language() or "").startswith("en"):
        province, city = in_english(province), in_english(city)
    if city.startswith(province) or city in province:
        province, city = max(province, city, key=len), ""  # a city that is a province
    return BETWEEN.join(part for part in (country, province, city) if part)


@lru_cache(maxsize=4096)
def town_of(ip: str) -> tuple[str, str]:
    """Province and city as the files write them; empty where they, or we, do not know."""
    try:
        for book in books(tuple(settings.IP2REGION_XDB)):
            if text := book.find(ip):
                return read(text, structure=book.structure)
    except (Broken, ValueError):
        pass
    return "", ""


@lru_cache(maxsize=1)
def books(paths: tuple[str, ...]) -> tuple[Xdb, ...]:
    """The files that can be read. They stay open: a new one counts from the next start."""
    found = []
    for path in paths:
        try:
            found.append(Xdb(path))
        except Broken:
            continue
    return tuple(found)


def read(text: str, *, structure: int) -> tuple[str, str]:
    """
    Province and city of a text. Files have come in three shapes:
    ``country|province|city|provider|code``, the same without the code, and, the oldest,
    ``country|area|province|city|provider``.
    """
    parts = [part.strip() for part in text.split("|")]
    has_code = len(parts) == 5 and len(parts[4]) == 2 and parts[4].isascii() and parts[4].isupper()
    start = 2 if structure == OLD and len(parts) >= 5 and not has_code else 1
    province, city = [*parts[start : start + 2], "", ""][:2]
    return "" if province in NONE else province, "" if city in NONE else city


@lru_cache(maxsize=1024)
def in_english(name: str) -> str:
    """A Chinese province or city as it is called in English; other names as they are."""
    whole = next((row.name for row in regions.provinces() if name and row.name.startswith(name)), name)
    return next(
        (found for word in (name, whole, f"{name}市") if (found := regions.town_in_english(word)) != word), name
    )


def forget() -> None:
    """Look at the settings and the files anew."""
    town_of.cache_clear()
    books.cache_clear()
