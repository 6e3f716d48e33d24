"""Which adapter speaks to which carrier."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from core.wire import client as outgoing
from logistics.carriers.base import CarrierAdapter
from logistics.carriers.manual import ManualCarrier
from logistics.carriers.sandbox import SandboxCarrier

TIMEOUT_SECONDS = 5
_overrides: dict[str, CarrierAdapter] = {}


def adapter(name: str) -> CarrierAdapter:
    """
    The adapter of a name, with a client of its own time limits.

    :raises LookupError: if there is none; a carrier row names it, so this is a mistake of ours
    """
    if name in _overrides:
        return _overrides[name]
    if name == "manual":
        return ManualCarrier()
    if name == "sandbox" and settings.SANDBOX:
        client = outgoing(base_url=settings.SITE_URL, timeout_seconds=TIMEOUT_SECONDS)
        return SandboxCarrier(client, secret=settings.SANDBOX_CARRIER_SECRET)
    raise LookupError(f"no carrier adapter named {name!r}")


def push_secret(name: str) -> str:
    """What a carrier signs its messages with; empty if it sends none."""
    return settings.SANDBOX_CARRIER_SECRET if name == "sandbox" and settings.SANDBOX else ""


@contextmanager
def use(name: str, stand_in: CarrierAdapter) -> Iterator[None]:
    """Let another adapter answer to a name for a while: for tests."""
    before = _overrides.get(name)
    _overrides[name] = stand_in
    try:
        yield
    finally:
        if before is None:
            _overrides.pop(name, None)
        else:
            _overrides[name] = before
