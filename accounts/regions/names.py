"""The ways people write a division: "杭州" for 杭州市, "恩施州" for 恩施土家族苗族自治州, "内蒙古" for 内蒙古自治区."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from accounts.regions.table import HOLLOW_CITIES, Region, cities, districts, provinces

# Peoples as they stand in the names of autonomous prefectures, counties, banners and districts.
PEOPLES = (
    "土家族|布依族|哈尼族|景颇族|傈僳族|朝鲜族|蒙古族|哈萨克族?|柯尔克孜族?|达斡尔族|仡佬族|拉祜族|布朗族|塔吉克|锡伯"
    "|毛南族|仫佬族|满族|回族|藏族|羌族|彝族|苗族|侗族|傣族|白族|壮族|瑶族|畲族|黎族|水族|佤族|独龙族|怒族|普米族|纳西族"
    "|撒拉族|东乡族|保安族|裕固族|土族|各族|蒙古"
)
PEOPLES_TAIL = re.compile(rf"(?:{PEOPLES})+$")
PROVINCE_TAIL = re.compile(r"(?:特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区|省|市)$")
CITY_TAIL = re.compile(r"(?:自治州|地区|盟|市|县)$")
DISTRICT_TAIL = re.compile(r"(?:自治县|自治旗|街道|新区|特区|林区|矿区|区|县|市|旗|镇|乡)$")

Spellings = dict[str, tuple[tuple[Region, bool], ...]]  # spelling -> (region, written in full)


def short_province(name: str) -> str:
    return PROVINCE_TAIL.sub("", name)


def short_city(name: str) -> str:
    stem = CITY_TAIL.sub("", name)
    return PEOPLES_TAIL.sub("", stem) or stem


def short_district(name: str) -> str:
    """Return the stem, or "" where a stem of one character would fit any street."""
    stem = DISTRICT_TAIL.sub("", name)
    stem = PEOPLES_TAIL.sub("", stem) or stem
    return stem if len(stem) >= 2 else ""


def spellings(pairs: Iterable[tuple[str, Region, bool]]) -> Spellings:
    found: dict[str, dict[Region, bool]] = defaultdict(dict)
    for spelling, region, full in pairs:
        if spelling:
            found[spelling][region] = found[spelling].get(region, False) or full
    return {spelling: tuple(regions.items()) for spelling, regions in found.items()}


@dataclass(frozen=True, slots=True)
class Index:
    """Spellings by level: of all provinces, of all cities and by province, of districts by city, province and land."""

    provinces: Spellings
    cities: Spellings
    cities_of: dict[str, Spellings]
    districts_of: dict[str, Spellings]
    districts_in_province: dict[str, Spellings]
    unique_districts: Spellings
    longest: int


def city_spellings(city: Region) -> list[tuple[str, Region, bool]]:
    if city.name in HOLLOW_CITIES:
        return [(city.name, city, True)] if city.name != "县" else []
    short = short_city(city.name)
    listed = [(city.name, city, True), (short, city, False)]
    if city.name.endswith("自治州"):
        listed.append((f"{short}州", city, True))
    return listed


def district_spellings(district: Region) -> list[tuple[str, Region, bool]]:
    short = short_district(district.name)
    listed = [(district.name, district, True), (short, district, False)]
    if short and district.name.endswith("自治县"):
        listed.append((f"{short}县", district, True))
    return listed


@cache
def index() -> Index:
    """Work the spellings out, once per process."""
    cities_of: dict[str, Spellings] = {}
    districts_of: dict[str, Spellings] = {}
    in_province: dict[str, Spellings] = {}
    every_district: list[tuple[str, Region, bool]] = []
    for province in provinces():
        mine = cities(province.code)
        cities_of[province.code] = spellings(pair for city in mine for pair in city_spellings(city))
        within: list[tuple[str, Region, bool]] = []
        for city in mine:
            pairs = [pair for district in districts(city.code) for pair in district_spellings(district)]
            districts_of[city.code] = spellings(pairs)
            within += pairs
        in_province[province.code] = only_one(spellings(within))
        every_district += [pair for pair in within if pair[2] and len(pair[0]) >= 3]
    tops = [pair for p in provinces() for pair in ((p.name, p, True), (short_province(p.name), p, False))]
    every_city = spellings(pair for p in provinces() for c in cities(p.code) for pair in city_spellings(c))
    return Index(
        provinces=spellings(tops),
        cities={spelling: found for spelling, found in every_city.items() if len(found) == 1},
        cities_of=cities_of,
        districts_of=districts_of,
        districts_in_province=in_province,
        unique_districts=only_one(spellings(every_district)),
        longest=max(len(pair[0]) for pair in every_district),
    )


def only_one(listed: Spellings) -> Spellings:
    """Keep the spellings that mean one place only; a name in full beats the stems that look like it."""
    kept: Spellings = {}
    for spelling, found in listed.items():
        full = tuple(pair for pair in found if pair[1])
        if len(found) == 1:
            kept[spelling] = found
        elif len(full) == 1:
            kept[spelling] = full
    return kept
