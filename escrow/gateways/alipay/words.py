"""Our amounts, times and keys in Alipay's words, and back."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from core.money import Money
from escrow.gateways.base import Refused

CHINA = ZoneInfo("Asia/Shanghai")
STAMP = "%Y-%m-%d %H:%M:%S"
CURRENCY = "CNY"
LONGEST_WORD = 64
_YUAN = re.compile(r"\A(-?)(\d{1,13})(?:\.(\d{1,2}))?\Z", re.ASCII)
_KEY = re.compile(r"\A[0-9A-Za-z]+(?:[:-][0-9A-Za-z]+)*\Z", re.ASCII)


def yuan(amount: Money) -> str:
    """
    The amount as Alipay writes it: ``128.00``.

    :raises Refused: for another currency than CNY, and for nothing or less
    """
    if amount.currency != CURRENCY:
        raise Refused("currency")
    if amount.minor <= 0:
        raise Refused("amount")
    return f"{amount.minor // 100}.{amount.minor % 100:02d}"


def money(text: object) -> Money:
    """
    An amount as Alipay wrote it, read digit by digit.

    :raises ValueError: if it is none, or has parts of a fen
    """
    match = _YUAN.match(str(text))
    if match is None:
        raise ValueError("not an amount in yuan")
    minor = int(match[2]) * 100 + int((match[3] or "").ljust(2, "0"))
    return Money(-minor if match[1] else minor, CURRENCY)


def stamp(at: datetime) -> str:
    """An instant as the clocks in China show it."""
    return at.astimezone(CHINA).strftime(STAMP)


def instant(text: object) -> datetime:
    """
    An instant that Alipay wrote, in UTC.

    :raises ValueError: if it is none
    """
    return datetime.strptime(str(text), STAMP).replace(tzinfo=CHINA).astimezone(UTC)


def word(key: str) -> str:
    """
    Our key as a number of Alipay's: letters, digits and underscores, at most 64, and never the same for two keys.

    The parameter tables of alipay.trade.page.pay (``out_trade_no``) and alipay.trade.refund (``out_request_no``).
    """
    if _KEY.match(key):
        plain = key.replace("-", "__").replace(":", "_")
        if len(plain) <= LONGEST_WORD:
            return plain
    return "h_" + hashlib.sha256(key.encode()).hexdigest()[: LONGEST_WORD - 2]
