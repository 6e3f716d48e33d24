"""Which payment providers there are, and how each is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core import wire
from core.errors import NotFound
from escrow.gateways.base import Capabilities, Gateway

TIMEOUT_SECONDS = 10
NAMES = {  # as buyers read them
    "sandbox": _("Sandbox bank"),
    "alipay": _("Alipay"),
    "wechatpay": _("WeChat Pay"),
    "stripe": _("Card, by Stripe"),
    "bank": _("Bank transfer"),
}
_stand_ins: dict[str, Gateway] = {}


def gateway(name: str) -> Gateway:
    """
    The provider of this name.

    :raises NotFound: if there is none
    """
    if name in _stand_ins:
        return _stand_ins[name]
    build = _BUILDERS.get(name)
    if build is None or not is_set_up(name):
        raise NotFound
    return build()


def is_set_up(name: str) -> bool:
    """Whether the operator has given what this provider needs; what is only pretended needs a sandbox."""
    if name in _stand_ins:
        return True
    if name == "sandbox" and not settings.SANDBOX:
        return False
    return name in NAMES and bool(settings.PROVIDERS.get(name))


def is_pretended(name: str) -> bool:
    """Whether it is the sandbox's pretended provider that answers for this one."""
    base = settings.PROVIDERS.get(name, {}).get("api_base", "")
    return bool(settings.SANDBOX and settings.FAKEPAY_URL and base.startswith(f"{settings.FAKEPAY_URL}/"))


def capabilities(name: str) -> Capabilities:
    """
    What a provider can do; pages ask for it often, so it is kept for as long as the settings are the same.

    :raises NotFound: if there is none of this name
    """
    if name in _stand_ins:
        return _stand_ins[name].capabilities
    return _declared(name, is_set_up(name), tuple(sorted(settings.PROVIDERS.get(name, {}).items())))


@lru_cache(maxsize=16)
def _declared(name: str, is_there: bool, values: tuple[tuple[str, str], ...]) -> Capabilities:
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


def _real(name: str) -> Callable[[], Gateway]:
    """A provider of ``settings.PROVIDERS``; its module, which only who uses it pays for, offers ``build()``."""

    def build() -> Gateway:
        values = settings.PROVIDERS[name]
        base = values.get("api_base", "")
        client = wire.client(base_url=base, timeout_seconds=TIMEOUT_SECONDS, tells_time=is_pretended(name))
        made: Gateway = import_module(f"escrow.gateways.{name}").build(values, client=client)
        return made

    return build


_BUILDERS: dict[str, Callable[[], Gateway]] = {name: _real(name) for name in NAMES}
