"""
Certificates instead of bare keys, which Alipay demands of whoever sends money away (opendocs.alipay.com, "证书模式").

A request then names two certificates by the MD5 of their issuer and serial number; nothing depends on that hash.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.core.exceptions import ImproperlyConfigured

_RSA = "1.2.840.113549.1.1."  # the chain of roots also holds some of other kinds, which are left out
_END = "-----END CERTIFICATE-----"


@lru_cache(maxsize=8)
def number(pem: str) -> str:
    """The number of the one certificate in a file."""
    return _number(_read(pem))


@lru_cache(maxsize=8)
def root_number(pem: str) -> str:
    """The number of a chain of root certificates."""
    parts = (part.strip() + "\n" + _END for part in pem.split(_END) if part.strip())
    roots = [_read(part) for part in parts]
    return "_".join(_number(root) for root in roots if root.signature_algorithm_oid.dotted_string.startswith(_RSA))


@lru_cache(maxsize=8)
def public_key_in(pem: str) -> str:
    """The public key that a certificate is for, in PEM."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return _read(pem).public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def _read(pem: str) -> x509.Certificate:
    """:raises ImproperlyConfigured: if it is no certificate"""
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as fault:
        raise ImproperlyConfigured("alipay: a certificate cannot be read") from fault


def _number(cert: x509.Certificate) -> str:
    text = cert.issuer.rfc4514_string() + str(cert.serial_number)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
