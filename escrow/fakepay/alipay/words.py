"""The pretended Alipay's own way with keys, amounts and times: it shares none of it with the adapter it judges."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CHINA = timezone(timedelta(hours=8))
STAMP = "%Y-%m-%d %H:%M:%S"


@lru_cache(maxsize=4)
def key_pair(whose: str) -> tuple[str, str]:
    """A private and a public key in PEM, made up once per process."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return private.decode(), public_of(private.decode())


@lru_cache(maxsize=8)
def _private(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


@lru_cache(maxsize=8)
def _public(pem: str) -> rsa.RSAPublicKey:
    key = serialization.load_pem_public_key(pem.encode())
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def public_of(private_pem: str) -> str:
    """The public half of a key, in PEM."""
    half = _private(private_pem).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return half.public_bytes(serialization.Encoding.PEM, form).decode()


def sign(text: str, *, pem: str) -> str:
    return base64.b64encode(_private(pem).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def is_signed(text: str, signature: str, *, pem: str) -> bool:
    try:
        _public(pem).verify(base64.b64decode(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def joined(fields: Mapping[str, str], *leaving_out: str) -> str:
    return "&".join(f"{name}={text}" for name, text in sorted(fields.items()) if name not in leaving_out)


def envelope(name: str, node: Mapping[str, Any], *, pem: str | None) -> bytes:
    """An answer as it is sent: slashes escaped, the signature over the node's very text. ``pem`` None: unsigned."""
    text = json.dumps(node, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    tail = "" if pem is None else f',"sign":"{sign(text, pem=pem)}"'
    return f'{{"{name}":{text}{tail}}}'.encode()


def yuan(minor: int) -> str:
    whole, part = divmod(abs(minor), 100)
    return f"{'-' if minor < 0 else ''}{whole}.{part:02d}"


def fen(text: object) -> int:
    """
    Minor units of what the shop wrote.

    :raises ValueError: unless it has at most two decimals
    """
    whole, _, part = str(text).partition(".")
    if not (whole.isascii() and whole.isdigit()) or len(part) > 2 or (part and not part.isdigit()):
        raise ValueError("not an amount")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, CHINA).strftime(STAMP)


def seconds(text: str) -> float:
    """:raises ValueError: if it is no time in Alipay's form"""
    return datetime.strptime(text, STAMP).replace(tzinfo=CHINA).timestamp()


def digits(at: float, count: int = 28) -> str:
    """A number as Alipay gives them: the day and digits."""
    day = datetime.fromtimestamp(at, CHINA).strftime("%Y%m%d")
    return day + "".join(secrets.choice("0123456789") for _ in range(count - len(day)))
