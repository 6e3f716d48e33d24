"""
Alipay's signature: RSA2, which is RSASSA-PKCS1-v1_5 with SHA-256.

Requests and notices are signed over their sorted fields, answers over the bytes of their node as they were sent
(opendocs.alipay.com: "自行实现签名", "自行实现验签").
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.core.exceptions import ImproperlyConfigured

from escrow.gateways.base import BadSignature


@lru_cache(maxsize=8)
def private_key(text: str) -> rsa.RSAPrivateKey:
    """
    Read a key in PEM or, as Alipay's key tool gives it, the base64 inside of a PEM.

    :raises ImproperlyConfigured: if it is none
    """
    try:
        if "-----BEGIN" in text:
            key = serialization.load_pem_private_key(text.encode(), password=None)
        else:
            key = serialization.load_der_private_key(base64.b64decode("".join(text.split())), password=None)
    except (ValueError, TypeError) as fault:
        raise ImproperlyConfigured("ALIPAY_PRIVATE_KEY is no private key") from fault
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ImproperlyConfigured("ALIPAY_PRIVATE_KEY is no RSA key")
    return key


@lru_cache(maxsize=8)
def public_key(text: str) -> rsa.RSAPublicKey:
    """
    Read Alipay's public key, in PEM or as the bare base64 that its console shows.

    :raises ImproperlyConfigured: if it is none
    """
    try:
        if "-----BEGIN" in text:
            key = serialization.load_pem_public_key(text.encode())
        else:
            key = serialization.load_der_public_key(base64.b64decode("".join(text.split())))
    except ValueError as fault:
        raise ImproperlyConfigured("ALIPAY_PUBLIC_KEY is no public key") from fault
    if not isinstance(key, rsa.RSAPublicKey):
        raise ImproperlyConfigured("ALIPAY_PUBLIC_KEY is no RSA key")
    return key


def sorted_fields(fields: Mapping[str, str], *, without: tuple[str, ...]) -> bytes:
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name not in without).encode()


def sign(message: bytes, *, key: rsa.RSAPrivateKey) -> str:
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


def verify(message: bytes, *, signature: str, key: rsa.RSAPublicKey) -> None:
    """:raises BadSignature: if the key has not signed exactly these bytes"""
    try:
        raw = base64.b64decode(signature, validate=True)
        key.verify(raw, message, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError) as fault:
        raise BadSignature from fault


def signed_node(text: str, *, names: tuple[str, ...], key: rsa.RSAPublicKey) -> dict[str, Any]:
    """
    The first node of these names, once its signature is found good; numbers in it stay as they were written.

    What is signed is the node's own text. Some services sign it before they escape slashes, so that text is tried, too;
    what is read is in each case exactly what was verified.

    :raises BadSignature: if it is not signed, or not by Alipay
    :raises ValueError: if the answer is none
    """
    parts = members(text)
    raw = next((parts[name] for name in names if name in parts), None)
    if raw is None:
        raise ValueError("the answer has no such node")
    signature = json.loads(parts["sign"]) if "sign" in parts else ""
    try:
        verify(raw.encode(), signature=str(signature), key=key)
    except BadSignature:
        raw = raw.replace("\\/", "/")
        verify(raw.encode(), signature=str(signature), key=key)
    node = json.loads(raw, parse_float=str, parse_int=str)
    if not isinstance(node, dict):
        raise ValueError("the node is no object")
    return node


def members(text: str) -> dict[str, str]:
    """
    The members of a JSON object, each as the text it was sent in.

    :raises ValueError: if it is no object, or names a member twice
    """
    reader = json.JSONDecoder()
    found: dict[str, str] = {}
    at = _skip(text, 0, "{")
    while True:
        name, end = reader.raw_decode(text, _skip(text, at))
        begin = _skip(text, _skip(text, end, ":"))
        _, end = reader.raw_decode(text, begin)
        if not isinstance(name, str) or name in found:
            raise ValueError("not a plain object")
        found[name] = text[begin:end]
        at = _skip(text, end)
        if text[at : at + 1] == "}":
            return found
        at = _skip(text, at, ",")


def _skip(text: str, at: int, sign: str = "") -> int:
    """Go over spaces and, if given, one sign that must stand there."""
    while text[at : at + 1] in (" ", "\t", "\r", "\n"):
        at += 1
    if sign and text[at : at + 1] != sign:
        raise ValueError(f"no {sign} at {at}")
    return at + len(sign)
