"""
One signed question to WeChat Pay and its verified answer.

An answer counts only when the platform has signed it: with a right request its errors are signed too ("如何验证签名").
What is not signed, a 401 or a page of some machine in between, tells nothing.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from core.money import Money
from escrow.gateways.base import BadSignature, Refused, Unavailable
from escrow.gateways.wechatpay import signing

log = logging.getLogger(__name__)
HOSTS = ("api.mch.weixin.qq.com", "api2.mch.weixin.qq.com")
MOST_BYTES = 64 * 1024 * 1024
MAY_PASS = frozenset(
    {"SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BANKERROR", "FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED",
     "RATELIMIT_EXCEEDED", "RATELIMIT_EXCEED", "BIZERR_NEED_RETRY"}
)  # fmt: skip
_OWN_KEY = re.compile(r"\A[a-z]+(?::\d+)+\Z", re.ASCII)
_PAYMENT_KEY = re.compile(r"\Apayment:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z", re.ASCII)


class Said(Refused):
    """A signed no, with WeChat Pay's word for it, e.g. ``ORDERPAID``."""

    def __init__(self, word: str, message: str = "") -> None:
        self.word = word
        super().__init__(f"{word} {message}".strip()[:200])


def number_of(key: str, *, joint: str = "-") -> str:
    """
    The number under which WeChat Pay knows one of our keys: 6 to 32 letters and digits, the same for the same key.

    A payment's is its id without hyphens, so that both sides' staff find it; ``refund:12:2`` becomes ``refund-12-2``.
    Transfers may have letters and digits only: their ``joint`` is a letter.
    """
    payment = _PAYMENT_KEY.match(key)
    if payment:
        return payment[1].replace("-", "")
    plain = key.replace(":", joint)
    return plain if _OWN_KEY.match(key) and 6 <= len(plain) <= 32 else sha256(key.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who we are at WeChat Pay, and the wire to it."""

    client: httpx.Client
    mchid: str
    appid: str
    apiv3_key: str
    serial: str
    key: RSAPrivateKey
    platform: Mapping[str, RSAPublicKey]

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """
        Send one request and give the signed answer.

        :raises Unavailable: if none came that can be believed: what happened is then unknown
        :raises Said: if the platform says no
        """
        answer = self._send(method, path, "" if body is None else json.dumps(body, ensure_ascii=False))
        if answer.status_code >= 500 or answer.status_code in (401, 429) or 300 <= answer.status_code < 400:
            log.warning("wechat pay answered %s to %s %s", answer.status_code, method, path.partition("?")[0])
            raise Unavailable
        try:
            signing.verify(answer.content, headers=answer.headers, keys=self.platform)
        except BadSignature as fault:
            log.warning("wechat pay's answer to %s %s is not signed", method, path.partition("?")[0])
            raise Unavailable from fault
        content = _object(answer)
        if answer.is_success:
            return content
        word = str(content.get("code", ""))
        if not word or word in MAY_PASS:
            raise Unavailable
        raise Said(word, str(content.get("message", "")))

    def fetch(self, url: str) -> bytes:
        """
        Download a file whose address came in a signed answer. The file itself is not signed: compare its hash.

        :raises Unavailable: if it is not there, too large, or lies at another host than WeChat Pay's
        """
        answer = self._send("GET", self._path(url), "")
        if answer.status_code != 200 or len(answer.content) > MOST_BYTES:
            raise Unavailable
        return answer.content

    def _send(self, method: str, path: str, body: str) -> httpx.Response:
        newest = next(iter(self.platform), "")
        headers = {
            "Authorization": signing.authorization(
                method=method, path=path, body=body, mchid=self.mchid, serial=self.serial, key=self.key
            ),
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "Tashi",
            "Wechatpay-Serial": newest,  # with this key it shall sign, and we have encrypted
        }
        try:
            return self.client.request(method, path, content=body.encode() or None, headers=headers)
        except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError) as fault:
            raise Unavailable from fault

    def _path(self, url: str) -> str:
        """What of an address is signed and asked for: all after the host, or after our ``api_base``."""
        base = str(self.client.base_url).rstrip("/")
        if url.startswith(f"{base}/"):
            return url[len(base) :]
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.netloc not in HOSTS:
            raise Unavailable
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _object(answer: httpx.Response) -> dict[str, Any]:
    if not answer.content:
        return {}
    try:
        content = answer.json()
    except (ValueError, RecursionError) as fault:
        raise Unavailable from fault
    if not isinstance(content, dict):
        raise Unavailable
    return content


def word(content: Any, *names: str) -> str:
    """
    A non-empty text in an answer.

    :raises Unavailable: if it is not there
    """
    for name in names:
        content = content.get(name) if isinstance(content, dict) else None
    if not isinstance(content, str) or not content:
        raise Unavailable
    return content


def fen(content: Any, *names: str) -> int:
    """
    A whole, not negative number in an answer: amounts are fen.

    :raises Unavailable: if it is not there
    """
    for name in names:
        content = content.get(name) if isinstance(content, dict) else None
    if isinstance(content, bool) or not isinstance(content, int) or content < 0:
        raise Unavailable
    return content


def instant(content: Any, name: str) -> datetime:
    """
    A moment in an answer, RFC 3339.

    :raises Unavailable: if it is not there
    """
    try:
        at = datetime.fromisoformat(word(content, name))
    except ValueError as fault:
        raise Unavailable from fault
    if at.tzinfo is None:
        raise Unavailable
    return at


def whole_fen(amount: Money) -> int:
    """
    An amount as WeChat Pay wants it.

    :raises Refused: for another currency than CNY
    """
    if amount.currency != "CNY":
        raise Said("CURRENCY", amount.currency)
    return amount.minor
