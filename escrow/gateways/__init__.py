"""Which payment providers there are, and how each is reached."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import httpx
from django.conf import settings

from core.errors import NotFound
from escrow.gateways.base import Capabilities, Gateway
from escrow.gateways.sandbox import SandboxGateway

TIMEOUT_SECONDS = 10
_stand_ins: dict[str, Gateway] = {}


def gateway(name: str) -> Gateway:
    """
    The provider of this name.

    :raises NotFound: if there is none
    """
    if name in _stand_ins:
        return _stand_ins[name]
    build = _BUILDERS.get(name)
    if build is None or (name == "sandbox" and not settings.SANDBOX):
        raise NotFound
    return build()


def capabilities(name: str) -> Capabilities:
    return gateway(name).capabilities


@contextmanager
def use(name: str, stand_in: Gateway) -> Iterator[Gateway]:
    """Answer for a provider with another object for a while, in all threads: for tests."""
    before = _stand_ins.get(name)
    _stand_ins[name] = stand_in
    try:
        yield stand_in
    finally:
        if before is None:
            _stand_ins.pop(name, None)
        else:
            _stand_ins[name] = before


def _sandbox() -> Gateway:
    return _sandbox_at(settings.SITE_URL, settings.SANDBOX_BANK_SECRET, os.getpid())


@lru_cache(maxsize=4)
def _sandbox_at(site: str, secret: str, process: int) -> Gateway:
    """One client per process, without kept connections: the other side is this very site, and may be restarting."""
    client = httpx.Client(
        base_url=site,
        timeout=TIMEOUT_SECONDS,
        verify=site.startswith("https"),
        trust_env=False,
        limits=httpx.Limits(max_keepalive_connections=0),
    )
    return SandboxGateway(client=client, secret=secret)


_BUILDERS: dict[str, Callable[[], Gateway]] = {"sandbox": _sandbox}
