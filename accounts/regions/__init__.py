"""
The administrative divisions of China: province, city, district, each with its code; and the reader of pasted addresses.

>>> regions.path("330106")
RegionPath(province=Region(code='33', name='浙江省'), city=Region(code='3301', name='杭州市'), district=...)
"""

from accounts.regions.english import province_in_english, town_in_english
from accounts.regions.parsing import ParsedAddress, parse_address
from accounts.regions.table import (
    Region,
    RegionPath,
    cities,
    districts,
    find,
    line,
    path,
    path_by_names,
    provinces,
    town,
)

__all__ = [
    "ParsedAddress",
    "Region",
    "RegionPath",
    "cities",
    "districts",
    "find",
    "line",
    "parse_address",
    "path",
    "path_by_names",
    "province_in_english",
    "provinces",
    "town",
    "town_in_english",
]
