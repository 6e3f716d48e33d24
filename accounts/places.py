"""Where a request seems to come from: address, prefix, country. Nothing is asked over the network."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

import iptocc

from accounts.towns import place_words

PREFIX_V4, PREFIX_V6 = 16, 32


@dataclass(frozen=True, slots=True)
class Seen:
    """What a request shows of itself; ``country`` is ISO 3166-1 alpha-2, empty where nobody knows."""

    ip: str = ""
    user_agent: str = ""

    @property
    def prefix(self) -> str:
        return prefix_of(self.ip)

    @property
    def country(self) -> str:
        return country_of(self.ip)

    @property
    def place(self) -> str:
        """For people to read: the country, and province and city where the operator has given their files."""
        return place_words(self.ip, self.country)


def prefix_of(ip: str) -> str:
    """The /16 or, for IPv6, the /32 of an address: what a provider of one region mostly is given."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    bits = PREFIX_V4 if address.version == 4 else PREFIX_V6
    return str(ipaddress.ip_network((address, bits), strict=False))


@lru_cache(maxsize=4096)
def country_of(ip: str) -> str:
    """The country an address is assigned to by its registry (``iptocc``'s own table); empty for private ones."""
    try:
        return iptocc.country_code(ip) or ""
    except ValueError:
        return ""
