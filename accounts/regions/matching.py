"""Find where in a text a division is written, however many of its three levels are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from accounts.regions.names import Spellings, index
from accounts.regions.table import HOLLOW_CITIES, Region, cities, find

GAP = re.compile(r"[\s,、/>\-]{0,6}")
# "南京路" is a street and "西湖大道" too: a stem before these is no division.
STREET_AHEAD = re.compile(r"[东西南北中]?[一二三四五六七八九十]?(?:路|街|大道|大街|道|巷|弄|胡同|桥)")
FULL, SHORT = 3, 2
ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Match:
    start: int
    end: int
    score: int
    province: Region
    city: Region | None = None
    district: Region | None = None


def find_region(text: str) -> Match | None:
    """Return the fullest mention of a division, the earliest of equals; None if there is none to rely on."""
    best: Match | None = None
    for start in range(len(text)):
        for found in matches_at(text, start):
            if best is None or found.score > best.score:
                best = found
    return best if best is not None and best.score >= ENOUGH else None


def matches_at(text: str, start: int) -> Iterator[Match]:
    names = index()
    for province, score, end in spelled(names.provinces, text, start):
        yield from below_province(text, start, end, province, score)
    for city, score, end in spelled(names.cities, text, start):
        province = known(city.code[:2])
        yield Match(start, end, score + alone(text, start, end, score), province, city)
        yield from below_city(text, start, end, score, province, city)
    for district, score, end in spelled(names.unique_districts, text, start):
        yield Match(start, end, score, known(district.code[:2]), known(district.code[:4]), district)


def below_province(text: str, start: int, end: int, province: Region, score: int) -> Iterator[Match]:
    names = index()
    municipality = cities(province.code)[0].name in HOLLOW_CITIES
    begins = start == 0 or not text[start - 1].isalnum()  # "上海南京东路": a stem that opens the line is meant
    yield Match(start, end, score + (1 if begins and score == SHORT else 0), province)
    places = [after_gap(text, end)]
    if municipality:  # 北京市北京市朝阳区
        places += [after_gap(text, e) for p, _, e in spelled(names.provinces, text, places[0]) if p == province]
    for place in places:
        for city, more, city_end in spelled(names.cities_of[province.code], text, place):
            yield Match(start, city_end, score + more, province, city)
            yield from below_city(text, start, city_end, score + more, province, city)
        for district, more, district_end in spelled(names.districts_in_province[province.code], text, place):
            yield Match(start, district_end, score + more, province, known(district.code[:4]), district)


def below_city(text: str, start: int, end: int, score: int, province: Region, city: Region) -> Iterator[Match]:
    place = after_gap(text, end)
    for district, more, district_end in spelled(index().districts_of[city.code], text, place):
        yield Match(start, district_end, score + more, province, city, district)


def spelled(listed: Spellings, text: str, start: int) -> Iterator[tuple[Region, int, int]]:
    """Yield (region, score, end) for every spelling that the text carries at this place, the longest first."""
    for length in range(min(index().longest, len(text) - start), 1, -1):
        end = start + length
        for region, full in listed.get(text[start:end], ()):
            if full:
                yield region, FULL, end
            elif not STREET_AHEAD.match(text, end):
                yield region, SHORT, end


def alone(text: str, start: int, end: int, score: int) -> int:
    """A stem on its own ("浙江 …") counts for more when nothing is written against it."""
    bounded = (start == 0 or not text[start - 1].isalnum()) and (end == len(text) or not text[end].isalnum())
    return 1 if bounded and score == SHORT else 0


def after_gap(text: str, place: int) -> int:
    gap = GAP.match(text, place)
    return gap.end() if gap else place


def known(code: str) -> Region:
    region = find(code)
    assert region is not None, code
    return region
