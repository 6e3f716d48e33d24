"""
How often something may be asked for: so many times in a window of time, by person, token or address.

Counted in this process first and posted to the shared cache in steps of a twentieth of the rate: a rate of a few an
hour is exact in all processes; one of hundreds a minute costs no write per request, and lets at most five in a hundred
more through for each further process. Once a process has seen a rate used up it refuses without asking anybody.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
STEPS = 20
SHORTEST_KEPT = 60
MOST_KEPT = 20_000
IPV6_PREFIX = 64  # what one household or one server is given


@dataclass(frozen=True, slots=True)
class Rate:
    """``60/m``: so many in so many seconds."""

    amount: int
    seconds: int

    @property
    def step(self) -> int:
        return max(1, self.amount // STEPS)


@dataclass(slots=True)
class _Count:
    """Of one window: what all processes had posted when this one last looked, and what it has not posted yet."""

    posted: int = 0
    held_back: int = 0

    @property
    def total(self) -> int:
        return self.posted + self.held_back


_counts: OrderedDict[str, _Count] = OrderedDict()
_lock = Lock()


@lru_cache(maxsize=100)
def rates_of(text: str) -> tuple[Rate, ...]:
    """
    Read ``20/m,200/d``; an empty text is no limit.

    :raises ValueError: if it is something else
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        amount, _slash, unit = part.partition("/")
        if unit not in UNITS or int(amount) < 1:
            raise ValueError(text)
        found.append(Rate(int(amount), UNITS[unit]))
    return tuple(found)


def spend(*, name: str, who: str, rates: Iterable[Rate]) -> int:
    """Count one more and answer 0; or, when a rate is used up, how many seconds to wait."""
    now = time.time()  # the cache forgets by this clock too, whatever the sandbox's says
    waits = [_spend(name, who, rate, now) for rate in rates]
    return max(waits, default=0)


def _spend(name: str, who: str, rate: Rate, now: float) -> int:
    window = int(now // rate.seconds)
    key = f"limit:{hashlib.sha256(f'{name}|{rate.amount}/{rate.seconds}|{window}|{who}'.encode()).hexdigest()}"
    with _lock:
        count = _counts.setdefault(key, _Count())
        _counts.move_to_end(key)
        while len(_counts) > MOST_KEPT:
            _counts.popitem(last=False)
        wait = max(1, int((window + 1) * rate.seconds - now) + 1)
        if count.total >= rate.amount:
            return wait
        count.held_back += 1
        due = count.held_back if count.held_back >= rate.step else 0
        count.held_back -= due
        count.posted += due
    if not due:
        return 0
    with nullcontext() if settings.REDIS_URL else transaction.atomic():  # the embedded cache reads, then writes
        posted = _post(key, due, timeout=wait + SHORTEST_KEPT)
    count.posted = max(count.posted, posted)
    return wait if posted > rate.amount else 0


def _post(key: str, amount: int, *, timeout: int) -> int:
    """Add to what all processes see, and answer the sum."""
    try:
        posted = int(cache.incr(key, amount))
    except ValueError:  # the first of this window, or faster than another's first
        cache.add(key, amount, timeout)
        return amount
    if timeout > SHORTEST_KEPT * 2:
        cache.touch(key, timeout)  # the database's cache forgets the time of what it counts up
    return posted


def forget() -> None:
    """Begin anew in this process: for tests, which empty the cache as well."""
    with _lock:
        _counts.clear()


def address_of(request: HttpRequest) -> str:
    """
    Where a request comes from, as our own proxies say; what a visitor writes into the header himself does not count.

    With ``TRUSTED_PROXY_COUNT`` of n, the n-th entry of ``X-Forwarded-For`` from the right was written by the
    outermost proxy of ours. With none, only the connection itself is believed.
    """
    address: str = request.META.get("REMOTE_ADDR", "")
    proxies: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    if proxies > 0:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        address = hops[-min(proxies, len(hops))] if hops else address
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((found, IPV6_PREFIX), strict=False).network_address)
    return str(found)
