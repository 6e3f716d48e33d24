"""
Reading what the providers say happened on our account, each in its own form.

One module per provider offers ``read(raw, *, name, day)``. A line's gross is what moved, signed as on our account
there; its fee is what the provider kept of it, negative if it gave a fee back: what is there afterwards is gross less
fee. A line that is nothing but a fee has no gross.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from core.errors import NotFound

if TYPE_CHECKING:
    from escrow.gateways.base import Statement

NAMES = {
    "alipay": _("Alipay"),
    "wechatpay": _("WeChat Pay"),
    "stripe": "Stripe",
    "bank": _("Bank account"),
    "sandbox": _("Pretended bank"),
}
READERS = tuple(NAMES)


def read(gateway: str, raw: bytes, *, name: str, day: date, currency: str = "") -> Statement:
    """
    Read a provider's statement of a day. ``currency`` counts where the file names none.

    :raises BadStatement: if it is none; the message names the line
    :raises NotFound: if there is no such provider
    """
    if gateway not in READERS:
        raise NotFound
    reader: Callable[..., Statement] = import_module(f"escrow.statements.{gateway}").read
    more = {"currency": currency} if gateway == "bank" and currency else {}
    return reader(raw, name=name, day=day, **more)
