"""
How good the proof of receipt is: LOGISTICS.md §2.3.

The carrier's code sets the grade; free text and signer may lower it and never raise it.
"""

from __future__ import annotations

import re

from logistics.carriers.base import Scan
from logistics.cleaning import normalise
from logistics.states import EvidenceGrade, ShipmentStatus

_G = EvidenceGrade
ORDER = (_G.A, _G.B, _G.C, _G.D)  # best first

# Somebody else has it, or nobody: mail box, door step, neighbour, guard, the sender himself.
_ELSEWHERE = (
    "mailbox", "mail box", "front door", "back door", "porch", "safe place", "neighbor", "neighbour", "reception",
    "front desk", "left at", "left with", "left in", "by sender", "by the sender", "by shipper", "放门口", "家门口",
    "前台", "门卫", "保安", "代收", "代签", "物业", "邻居", "同事", "家人", "寄件人", "发件人",
)  # fmt: skip
# Places from which the recipient may well have fetched it himself.
_POINTS = ("parcel locker", "locker", "pick-up point", "pickup point", "快递柜", "丰巢", "驿站", "自提")
# Says in so many words that nobody signed.
_UNSIGNED = ("signature not required", "not required", "no signature", "without signature", "无需签收", "免签")

_PROVINCE_ENDS = ("特别行政区", "自治区", "自治州", "自治县", "地区", "省", "市", "区", "县", "州", "盟")
# Names that stand in the table of divisions where a city has none of its own.
_HOLLOW = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
_LATIN_ENDS = (" city", " province", " district", " shi", " qu")


def grade_of(scan: Scan, *, signed_by: str) -> str:
    """What one delivery scan proves; nothing for any other scan."""
    if scan.status != ShipmentStatus.DELIVERED:
        return _G.NONE
    grade = _G(scan.grade) if scan.grade in ORDER else _G.C
    said = normalise(f"{scan.text} {signed_by}")
    if any(hint in said for hint in _ELSEWHERE):
        return _G.D
    if not scan.at_pickup_point and any(hint in said for hint in _POINTS):
        return _G.D
    if any(hint in said for hint in _UNSIGNED):
        return weaker(grade, _G.C)
    return grade


def weaker(one: str, other: str) -> str:
    return max(one, other, key=_rank)


def better(one: str, other: str) -> str:
    return min(one, other, key=_rank)


def _rank(grade: str) -> int:
    return ORDER.index(_G(grade)) if grade in ORDER else len(ORDER)


def same_city(one: str, other: str) -> bool:
    """
    Whether two names may mean the same city. Unknown names, and names in different scripts, are given the benefit of
    the doubt: only a plain contradiction counts as one.
    """
    first, second = _bare(one), _bare(other)
    if not first or not second or _is_latin(first) != _is_latin(second):
        return True
    return first in second or second in first


def _bare(city: str) -> str:
    name = normalise(city)
    if name in _HOLLOW:
        return ""
    for end in (*_PROVINCE_ENDS, *_LATIN_ENDS):
        if name.endswith(end) and len(name) > len(end) + 1:
            name = name[: -len(end)]
            break
    return name.strip()


def _is_latin(name: str) -> bool:
    return bool(re.match(r"[a-z]", name))
