"""Numbers the state gives out: the Unified Social Credit Code of a business and the number of an identity card."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

# GB 32100-2015: 31 characters, the letters that look like digits left out, and a weight for each of 17 places.
CREDIT_CHARS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_CREDIT = re.compile(rf"\A[1-9ANY][0-9A-Y][0-9]{{6}}[{CREDIT_CHARS}]{{10}}\Z", re.ASCII)
# GB 11643-1999, with ISO 7064 MOD 11-2 for the last place.
IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
IDENTITY_CHECKS = "10X98765432"
_IDENTITY = re.compile(r"\A[1-9][0-9]{16}[0-9X]\Z", re.ASCII)
PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
)
OF_AGE = 18


def plain(number: str) -> str:
    """A number as it is compared and kept: no blanks or dashes, capitals, plain digits."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", number)).upper()


def is_credit_code(number: str) -> bool:
    """Whether a plain number is a possible Unified Social Credit Code: its shape and its last place are right."""
    return bool(_CREDIT.match(number)) and number[17] == credit_check(number[:17])


def credit_check(body: str) -> str:
    """The last place of a code, from the seventeen before it."""
    total = sum(CREDIT_CHARS.index(one) * weight for one, weight in zip(body, CREDIT_WEIGHTS, strict=True))
    return CREDIT_CHARS[-total % 31]


def is_identity_number(number: str) -> bool:
    """Whether a plain number is a possible identity number: province, day of birth and last place are right."""
    if not _IDENTITY.match(number) or number[:2] not in PROVINCES or born_on(number) is None:
        return False
    return number[17] == identity_check(number[:17])


def identity_check(body: str) -> str:
    """The last place of an identity number, from the seventeen before it."""
    total = sum(int(digit) * weight for digit, weight in zip(body, IDENTITY_WEIGHTS, strict=True))
    return IDENTITY_CHECKS[total % 11]


def born_on(number: str) -> date | None:
    """The day of birth in an identity number; None if there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def is_of_age(number: str, *, today: date) -> bool:
    """Whether who has this identity number may run a store by himself."""
    born = born_on(number)
    if born is None or born > today:
        return False
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) >= OF_AGE


def masked(number: str) -> str:
    """What pages show of a number: enough to recognise it."""
    return f"{number[:3]}{'•' * max(0, len(number) - 7)}{number[-4:]}" if len(number) > 7 else "••••"


def same_name(one: str, other: str) -> bool:
    """Whether two ways of writing a name mean the same: width, blanks, case and kind of brackets do not count."""
    return _bare(one) == _bare(other) != ""


def _bare(name: str) -> str:
    return re.sub(r"[\s·•・.,()-]", "", unicodedata.normalize("NFKC", name)).casefold()
