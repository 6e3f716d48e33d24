"""
Signed messages between the shop and the sandbox bank: HMAC-SHA256 over ``timestamp.body``.

The timestamp is real time: a signature proves when it was made, and that has nothing to do with a sandbox clock.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time

from escrow.gateways.base import BadSignature

HEADER = "Sandbox-Bank-Signature"
TOLERANCE_SECONDS = 300
_FORM = re.compile(r"\At=(\d{1,12}),v1=([0-9a-f]{64})\Z", re.ASCII)


def sign(body: bytes, *, secret: str, at: float | None = None) -> str:
    """The header value for a body, signed now or at another Unix time."""
    stamp = int(time.time() if at is None else at)
    return f"t={stamp},v1={_mac(stamp, body, secret)}"


def verify(body: bytes, *, header: str, secret: str) -> None:
    """
    Accept a body that was signed with the secret within the last minutes.

    :raises BadSignature: if it was not
    """
    match = _FORM.match(header)
    if match is None or not secret:
        raise BadSignature
    stamp = int(match[1])
    if not hmac.compare_digest(_mac(stamp, body, secret), match[2]):
        raise BadSignature
    if abs(time.time() - stamp) > TOLERANCE_SECONDS:
        raise BadSignature


def _mac(stamp: int, body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
