"""The table of divisions: read from data/regions.json once, at the first question, and never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).resolve().parent.parent / "data" / "regions.json"

# Second-level names that exist for counting only; nobody writes them in an address.
HOLLOW_CITIES = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})


@dataclass(frozen=True, slots=True)
class Region:
    """One division. The code of a province has 2 digits, of a city 4, of a district 6 (9 where towns stand in)."""

    code: str
    name: str


class RegionPath(NamedTuple):
    province: Region
    city: Region
    district: Region


@dataclass(frozen=True, slots=True)
class Table:
    provinces: tuple[Region, ...]
    cities: dict[str, tuple[Region, ...]]
    districts: dict[str, tuple[Region, ...]]
    by_code: dict[str, Region]


@cache
def table() -> Table:
    """Read the data file (about 10 ms), once per process."""
    rows = json.loads(DATA.read_text("utf-8"))["provinces"]
    cities_of: dict[str, tuple[Region, ...]] = {}
    districts_of: dict[str, tuple[Region, ...]] = {}
    for code, _name, city_rows in rows:
        cities_of[code] = tuple(Region(row[0], row[1]) for row in city_rows)
        for city_code, _city_name, district_rows in city_rows:
            districts_of[city_code] = tuple(Region(row[0], row[1]) for row in district_rows)
    top = tuple(Region(row[0], row[1]) for row in rows)
    levels = (top, *cities_of.values(), *districts_of.values())
    by_code = {region.code: region for level in levels for region in level}
    return Table(provinces=top, cities=cities_of, districts=districts_of, by_code=by_code)


def provinces() -> tuple[Region, ...]:
    """Return the 34 provinces in the order of their codes."""
    return table().provinces


def cities(province_code: str) -> tuple[Region, ...]:
    """Return the cities of a province; none for a code that is no province."""
    return table().cities.get(province_code, ())


def districts(city_code: str) -> tuple[Region, ...]:
    """Return the districts of a city; none for a code that is no city."""
    return table().districts.get(city_code, ())


def find(code: str) -> Region | None:
    """Return the division of any level with this code."""
    return table().by_code.get(code)


def path(district_code: str) -> RegionPath | None:
    """Return province, city and district of a district's code; None if it is no district."""
    district = find(district_code)
    province, city = find(district_code[:2]), find(district_code[:4])
    if len(district_code) < 6 or district is None or province is None or city is None:
        return None
    return RegionPath(province, city, district)


def line(district_code: str) -> str:
    """Return the names as they are written on a parcel: "浙江省杭州市西湖区", "北京市朝阳区"; "" if unknown."""
    found = path(district_code)
    if found is None:
        return ""
    names = [region.name for region in found if region.name not in HOLLOW_CITIES]
    return "".join(names)


def town(address: Mapping[str, str]) -> str:
    """
    Where an address lies, as people call it. Where the city is a counting name only it is the province of a
    municipality ("上海市"), elsewhere the district, which is a town of its own ("文昌市").
    """
    city = address.get("city", "")
    if city and city not in HOLLOW_CITIES:
        return city
    province = address.get("province", "")
    return province if province.endswith("市") else address.get("district", "")


def path_by_names(*, province: str, city: str, district: str) -> RegionPath | None:
    """
    Return the path with these exact names, as an import file carries them.

    The city may be empty or repeat the province where it is a counting name only ("北京市", "", "东城区").
    """
    for top in provinces():
        if top.name != province.strip():
            continue
        for second in cities(top.code):
            hollow = second.name in HOLLOW_CITIES and city.strip() in {"", top.name}
            if second.name != city.strip() and not hollow:
                continue
            for third in districts(second.code):
                if third.name == district.strip():
                    return RegionPath(top, second, third)
    return None
