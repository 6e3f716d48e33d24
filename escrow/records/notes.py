"""
Signed notes and checkpoints: C2SP signed-note and tlog-checkpoint (https://c2sp.org/signed-note, …/tlog-checkpoint).

A note is a text, an empty line and signature lines ``— <key name> <base64(key id ‖ signature)>``. The private key is a
setting, never in the database; a retired key's public half stays in ``RETIRED_SIGNING_KEYS`` so that old notes verify.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

ED25519 = b"\x01"


def key_name() -> str:
    """Whose log it is: the site's host and the path of its log. The checkpoint's origin is the same."""
    return f"{urlsplit(settings.SITE_URL).netloc}/ledger"


@lru_cache(maxsize=4)
def _private(seed: str) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed, validate=True))
    except ValueError as fault:
        raise ImproperlyConfigured("SIGNING_KEY must be 32 random bytes in base64.") from fault


def is_set_up() -> bool:
    return bool(settings.SIGNING_KEY)


def public_key() -> bytes:
    return _private(settings.SIGNING_KEY).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def verifier_key() -> str:
    """The public key as others configure it: ``<name>+<key id>+<base64(type ‖ key)>``."""
    name, public = key_name(), public_key()
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def verifier_keys() -> list[str]:
    """The key in use first, then those that were."""
    return ([verifier_key()] if is_set_up() else []) + list(settings.RETIRED_SIGNING_KEYS)


def sign(text: str) -> str:
    """A note of this text, which must end with a line break."""
    assert text.endswith("\n")
    name = key_name()
    signature = _private(settings.SIGNING_KEY).sign(text.encode())
    line = base64.b64encode(key_id(name, public_key()) + signature).decode()
    return f"{text}\n— {name} {line}\n"


def checkpoint(*, size: int, root: bytes) -> str:
    """The signed statement that the log of this size has this root."""
    return sign(f"{key_name()}\n{size}\n{base64.b64encode(root).decode()}\n")
