"""
Signatures and sealed fields of WeChat Pay's API v3.

Sources: its pages "如何生成请求签名", "如何验证签名", "如何解密回调报文", "如何使用微信支付公钥加密敏感字段".
Signatures live by real time: when one was made has nothing to do with a sandbox clock.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from escrow.gateways.base import BadSignature, Malformed

SCHEME = "WECHATPAY2-SHA256-RSA2048"
TOLERANCE_SECONDS = 300
PROBE = "WECHATPAY/SIGNTEST/"  # a wrong signature that WeChat sends on purpose, to see whether it is refused
_STAMP = re.compile(r"\A\d{1,12}\Z", re.ASCII)
_PEM = re.compile(r"-----BEGIN (PUBLIC KEY|CERTIFICATE)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature of WeChat Pay consists of, as its headers carry it."""

    serial: str
    stamp: str
    nonce: str
    signature: str

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Signed:
        given = {name.lower(): value for name, value in headers.items()}
        names = ("serial", "timestamp", "nonce", "signature")
        return cls(*(given.get(f"wechatpay-{name}", "") for name in names))


@lru_cache(maxsize=4)
def private_key(pem: str) -> RSAPrivateKey:
    """
    Read the merchant's private key (``apiclient_key.pem``). Once a process: checking one takes longer than signing.

    :raises ValueError: if it is not an RSA key
    """
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key


def platform_keys(*, serials: str, pems: str) -> dict[str, RSAPublicKey]:
    """
    Serial → key, from serials parted by commas and as many PEM blocks, public keys or certificates, in the same order.

    Two at a time are needed while WeChat Pay changes from one to the other ("平台证书切换为微信支付公钥").

    :raises ValueError: if there are not as many keys as serials, or one is not an RSA key
    """
    names = [name.strip() for name in serials.split(",") if name.strip()]
    blocks = [match[0] for match in _PEM.finditer(pems)]
    return dict(zip(names, (_public(block) for block in blocks), strict=True))


@lru_cache(maxsize=8)
def _public(pem: str) -> RSAPublicKey:
    raw = pem.encode()
    key = load_pem_x509_certificate(raw).public_key() if "CERTIFICATE" in pem else load_pem_public_key(raw)
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA key")
    return key


def sign(key: RSAPrivateKey, *lines: str) -> str:
    """Base64 of the SHA256-RSA2048 signature over the lines, each closed by a line feed."""
    return b64encode(key.sign(_joined(lines), PKCS1v15(), SHA256())).decode()


def is_signed(key: RSAPublicKey, signature: str, *lines: str) -> bool:
    try:
        key.verify(b64decode(signature, validate=True), _joined(lines), PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def _joined(lines: tuple[str, ...]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def authorization(*, method: str, path: str, body: str, mchid: str, serial: str, key: RSAPrivateKey) -> str:
    """The Authorization header of one request; ``path`` has its query with it."""
    stamp, nonce = str(int(time.time())), secrets.token_hex(16)
    signature = sign(key, method, path, stamp, nonce, body)
    return (
        f'{SCHEME} mchid="{mchid}",nonce_str="{nonce}",signature="{signature}",timestamp="{stamp}",serial_no="{serial}"'
    )


def verify(raw: bytes, *, headers: Mapping[str, str], keys: Mapping[str, RSAPublicKey]) -> None:
    """
    Accept bytes that the platform has signed within the last minutes.

    :raises BadSignature: if it has not, or if anything that shows it is missing
    """
    signed = Signed.of(headers)
    key = keys.get(signed.serial)
    if key is None or not _STAMP.match(signed.stamp) or not signed.nonce or signed.signature.startswith(PROBE):
        raise BadSignature
    try:
        body = raw.decode()
    except UnicodeDecodeError as fault:
        raise BadSignature from fault
    if not is_signed(key, signed.signature, signed.stamp, signed.nonce, body):
        raise BadSignature
    if abs(time.time() - int(signed.stamp)) > TOLERANCE_SECONDS:
        raise BadSignature


def opened(resource: Any, *, apiv3_key: str) -> dict[str, Any]:
    """
    Decrypt the ``resource`` of a notice (AES-256-GCM under the API v3 key).

    :raises Malformed: if it is not a sealed object; a wrong key looks the same
    """
    try:
        if resource["algorithm"] != "AEAD_AES_256_GCM":
            raise Malformed
        sealed = b64decode(resource["ciphertext"], validate=True)
        label = (resource.get("associated_data") or "").encode()
        plain = AESGCM(apiv3_key.encode()).decrypt(resource["nonce"].encode(), sealed, label)
        content = json.loads(plain)
    except (KeyError, TypeError, AttributeError, ValueError, InvalidTag, RecursionError) as fault:
        raise Malformed from fault
    if not isinstance(content, dict):
        raise Malformed
    return content


def hidden_name(name: str, *, key: RSAPublicKey) -> str:
    """Encrypt a person's name for the platform alone (RSAES-OAEP with SHA-1, which its rules prescribe)."""
    padding = OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303
    return b64encode(key.encrypt(name.encode(), padding)).decode()
