"""
Whose brands a product names, and so whose permission its store must show.

Two ways to name one: the field *brand of another* says so, or the title says the name of a brand for which the store
has shown, or had to show, an authorisation. "For" a brand is not of it: a case for a phone needs nobody's leave.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_FITS = r"(?:适用于|适用|适配|兼容|for|fits|compatible with)\s*$"
_HAN = re.compile(r"[\u3400-\u9fff]")


def folded(name: str) -> str:
    """One form of a brand's name: width, capitals and blanks do not count."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def is_named(brand: str, *, typed: str, titles: Iterable[str]) -> bool:
    """Whether a product with this typed brand and these titles is sold under a brand's name."""
    if not folded(brand):
        return False
    return folded(typed) == folded(brand) or any(_says(brand, title) for title in titles)


def _says(brand: str, title: str) -> bool:
    text, name = (" ".join(unicodedata.normalize("NFKC", one).casefold().split()) for one in (title, brand))
    edge = "" if _HAN.search(name) else r"(?<![a-z0-9])"
    end = "" if _HAN.search(name) else r"(?![a-z0-9])"
    found = re.finditer(f"{edge}{re.escape(name)}{end}", text)
    return any(not re.search(_FITS, text[: one.start()]) for one in found)
