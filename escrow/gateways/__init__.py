"""Which payment providers there are, and how each is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings

from core import wire
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
    client = wire.client(base_url=settings.SITE_URL, timeout_seconds=TIMEOUT_SECONDS)
    return SandboxGateway(client=client, secret=settings.SANDBOX_BANK_SECRET)


_BUILDERS: dict[str, Callable[[], Gateway]] = {"sandbox": _sandbox}
