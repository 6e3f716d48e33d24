"""English names of the 34 provinces and their cities, as a letter abroad would carry them."""

from __future__ import annotations

from functools import cache

from accounts.regions.city_names import CITIES_IN_ENGLISH
from accounts.regions.table import HOLLOW_CITIES, cities, provinces

PROVINCES_IN_ENGLISH: dict[str, str] = {
    "11": "Beijing",
    "12": "Tianjin",
    "13": "Hebei",
    "14": "Shanxi",
    "15": "Inner Mongolia",
    "21": "Liaoning",
    "22": "Jilin",
    "23": "Heilongjiang",
    "31": "Shanghai",
    "32": "Jiangsu",
    "33": "Zhejiang",
    "34": "Anhui",
    "35": "Fujian",
    "36": "Jiangxi",
    "37": "Shandong",
    "41": "Henan",
    "42": "Hubei",
    "43": "Hunan",
    "44": "Guangdong",
    "45": "Guangxi",
    "46": "Hainan",
    "50": "Chongqing",
    "51": "Sichuan",
    "52": "Guizhou",
    "53": "Yunnan",
    "54": "Tibet",
    "61": "Shaanxi",
    "62": "Gansu",
    "63": "Qinghai",
    "64": "Ningxia",
    "65": "Xinjiang",
    "71": "Taiwan",
    "81": "Hong Kong",
    "82": "Macao",
}


def province_in_english(code: str) -> str | None:
    """Return the English name of the province that a code of any level belongs to."""
    return PROVINCES_IN_ENGLISH.get(code[:2])


def town_in_english(name: str) -> str:
    """The English name of a city, or of a province that stands for one; the name itself where we do not know it."""
    return _by_name().get(name, name)


@cache
def _by_name() -> dict[str, str]:
    found: dict[str, str] = {}
    for province in provinces():
        english = PROVINCES_IN_ENGLISH[province.code[:2]]
        found |= {city.name: english for city in cities(province.code) if city.name not in HOLLOW_CITIES}
        found[province.name] = english
    return found | CITIES_IN_ENGLISH
