"""Keys of the pretended WeChat Pay and what it does with them. Its own code: the adapter's is judged by it."""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SCHEME = "WECHATPAY2-SHA256-RSA2048"
FRESH_SECONDS = 300
_FIELD = re.compile(r'(mchid|nonce_str|signature|timestamp|serial_no)="([^"]+)"', re.ASCII)


@lru_cache(maxsize=4)
def made_up(name: str) -> str:
    """A private key for who has none, the same all through the process: making one takes a moment."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()


@lru_cache(maxsize=8)
def _read(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey), "WeChat Pay's keys are RSA"
    return key


@dataclass(frozen=True, slots=True)
class Keys:
    """Who the shop is, and the platform's and the shop's keys: this side knows both."""

    mchid: str
    appid: str
    apiv3_key: str
    serial: str
    merchant_pem: str
    platform_serial: str
    platform_pem: str
    shared_after_seconds: int  # a minute at WeChat Pay; nobody who tries things out wants to wait for it

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Keys:
        return cls(
            mchid=values.get("mchid") or "1900000001",
            appid=values.get("appid") or "wxfakepay00000001",
            apiv3_key=values.get("apiv3_key") or "fakepay-apiv3-key-32-characters!",
            serial=values.get("serial") or "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
            merchant_pem=values.get("private_key") or made_up("merchant"),
            platform_serial=values.get("platform_serial") or "PUB_KEY_ID_0119000000012026010100000000000001",
            platform_pem=values.get("platform_private_key") or made_up("platform"),
            shared_after_seconds=int(values.get("shared_after_seconds", "0")),
        )

    @property
    def platform_public_pem(self) -> str:
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return _read(self.platform_pem).public_key().public_bytes(serialization.Encoding.PEM, kind).decode()

    def shop_values(self, base: str) -> dict[str, str]:
        return {
            "api_base": base,
            "mchid": self.mchid,
            "appid": self.appid,
            "apiv3_key": self.apiv3_key,
            "serial": self.serial,
            "private_key": self.merchant_pem,
            "platform_serial": self.platform_serial,
            "platform_public_key": self.platform_public_pem,
            "shared_after_seconds": f"{self.shared_after_seconds:02d}",
            "transfer_scene": "1009",
            "transfer_report": "采购商品名称=Goods sold",
        }

    def may_ask(self, header: str, *, method: str, address: str, body: bytes) -> bool:
        """Whether this merchant has signed this request within the last minutes."""
        scheme, _, rest = header.partition(" ")
        said = dict(_FIELD.findall(rest))
        if scheme != SCHEME or len(said) != 5:
            return False
        if (said["mchid"], said["serial_no"]) != (self.mchid, self.serial) or not said["timestamp"].isdigit():
            return False
        if abs(time.time() - int(said["timestamp"])) > FRESH_SECONDS:
            return False
        lines = (method, address, said["timestamp"], said["nonce_str"])
        message = "".join(f"{line}\n" for line in lines).encode() + body + b"\n"
        try:
            signature = base64.b64decode(said["signature"], validate=True)
            _read(self.merchant_pem).public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    def signed(self, body: bytes, *, at: float | None = None) -> dict[str, str]:
        """The headers that vouch for a body: of an answer or of a notice."""
        stamp, nonce = str(int(time.time() if at is None else at)), secrets.token_hex(16)
        message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
        signature = _read(self.platform_pem).sign(message, padding.PKCS1v15(), hashes.SHA256())
        return {
            "Wechatpay-Serial": self.platform_serial,
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Signature-Type": SCHEME,
        }

    def sealed(self, content: Mapping[str, Any], *, label: str) -> dict[str, str]:
        """What a notice says, for the holder of the API v3 key alone."""
        nonce = secrets.token_hex(6)
        plain = json.dumps(content, ensure_ascii=False).encode()
        hidden = AESGCM(self.apiv3_key.encode()).encrypt(nonce.encode(), plain, label.encode())
        return {
            "original_type": label,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(hidden).decode(),
            "associated_data": label,
            "nonce": nonce,
        }

    def name_in(self, hidden: str) -> str:
        """
        The name that was encrypted for the platform.

        :raises ValueError: if it was not
        """
        scheme = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)  # noqa: S303
        return _read(self.platform_pem).decrypt(base64.b64decode(hidden, validate=True), scheme).decode()
