"""
The sandbox carrier's wire: signatures and the form of its messages, for both ends.

Signature: hex HMAC-SHA256 of ``<timestamp>.`` and the raw bytes (of the body; of ``METHOD path?query`` where there is
none). The timestamp is real time, whatever the sandbox clock says: a wire has no time machine.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping

from logistics.carriers.base import BadSignature

TIMESTAMP = "X-Carrier-Timestamp"
SIGNATURE = "X-Carrier-Signature"
TOLERANCE_SECONDS = 300


def signed_headers(raw: bytes, *, secret: str, at: float | None = None) -> dict[str, str]:
    stamp = str(int(time.time() if at is None else at))
    return {TIMESTAMP: stamp, SIGNATURE: _mac(raw, stamp=stamp, secret=secret)}


def verify(raw: bytes, headers: Mapping[str, str], *, secret: str) -> None:
    """:raises BadSignature: if it is missing, wrong, too old or from the future"""
    plain = {name.lower(): value for name, value in headers.items()}
    stamp, given = plain.get(TIMESTAMP.lower(), ""), plain.get(SIGNATURE.lower(), "")
    if not secret or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12 or not given.isascii():
        raise BadSignature("not signed")
    if not hmac.compare_digest(given, _mac(raw, stamp=stamp, secret=secret)):
        raise BadSignature("wrong signature")
    if abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
        raise BadSignature("signed too long ago")


def _mac(raw: bytes, *, stamp: str, secret: str) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
