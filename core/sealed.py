"""
Sealed columns: AES-256-GCM bound to model, column and row, keys outside the database.

Blob = version (1) · key-id length (1) · key id · nonce (12) · ciphertext and tag. The associated data is the header
plus ``app.Model.column.row-id``, so a blob copied to another row, column or table does not open. Values are opened
only when asked for (``value.open()``): list pages decrypt nothing.
"""

from __future__ import annotations

import base64
import os
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.query_utils import DeferredAttribute

VERSION = 1
NONCE_BYTES = 12


class Unsealable(Exception):
    """The blob was altered, moved from another place, or its key is missing. Never shown as a value."""


@lru_cache(maxsize=8)
def _ring(spec: tuple[str, ...], purpose: str) -> dict[str, bytes]:
    """Key id → sub-key of ``purpose``. The first of VAULT_KEYS writes, all of them read."""
    ring: dict[str, bytes] = {}
    for item in spec:
        name, _, text = item.partition(":")
        secret = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if len(secret) < 32 or not name or len(name) > 16:
            raise ValueError("each of VAULT_KEYS is id:base64url of at least 32 bytes")
        ring[name] = HKDF(hashes.SHA256(), 32, salt=None, info=b"tashi:" + purpose.encode()).derive(secret)
    if not ring:
        raise ValueError("VAULT_KEYS is empty: nothing can be sealed")
    return ring


def ring(purpose: str) -> dict[str, bytes]:
    return _ring(tuple(settings.VAULT_KEYS), purpose)


def seal(plain: bytes, *, place: str) -> bytes:
    """Encrypt for one place (``app.Model.column.row-id``)."""
    keys = ring("field")
    key_id = next(iter(keys))
    header = bytes([VERSION, len(key_id)]) + key_id.encode()
    nonce = os.urandom(NONCE_BYTES)
    return header + nonce + AESGCM(keys[key_id]).encrypt(nonce, plain, header + place.encode())


def unseal(blob: bytes, *, place: str) -> bytes:
    """
    Decrypt a blob of this place.

    :raises Unsealable: if it is not exactly what was sealed here
    """
    try:
        end = 2 + blob[1]
        header, nonce, body = blob[:end], blob[end : end + NONCE_BYTES], blob[end + NONCE_BYTES :]
        if blob[0] != VERSION:
            raise Unsealable("unknown version")
        key = ring("field")[header[2:].decode()]
        return AESGCM(key).decrypt(nonce, body, header + place.encode())
    except (IndexError, KeyError, UnicodeDecodeError, InvalidTag, ValueError) as fault:
        raise Unsealable("the sealed value cannot be opened") from fault


def key_id_of(blob: bytes) -> str:
    return blob[2 : 2 + blob[1]].decode()


def blind_index(text: str, *, purpose: str) -> str:
    """Keyed digest that says whether two sealed values are equal without opening either."""
    # An index must not change with a new key: INDEX_KEY, or the oldest of the ring.
    keys = _ring(tuple([settings.INDEX_KEY] if settings.INDEX_KEY else settings.VAULT_KEYS), "index:" + purpose)
    mac = hmac.HMAC(keys[list(keys)[-1]], hashes.SHA256())
    mac.update(text.encode())
    return mac.finalize().hex()


class Sealed:
    """A sealed value that has not been opened. Its text form gives nothing away."""

    __slots__ = ("blob", "place")

    def __init__(self, blob: bytes, place: str) -> None:
        self.blob = blob
        self.place = place

    def open(self) -> str:
        """:raises Unsealable: if the blob is not what was sealed at this place"""
        return unseal(self.blob, place=self.place).decode()

    def __repr__(self) -> str:
        return "<sealed>"

    __str__ = __repr__


class _SealedAttribute(DeferredAttribute):
    """Gives a ``Sealed``, takes text. Must extend DeferredAttribute, or ``.defer()`` would silently give None."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        if isinstance(value, (bytes, memoryview)):
            return Sealed(bytes(value), self.field.place_of(instance))  # type: ignore[attr-defined]
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value  # type: ignore[attr-defined]


class _Placed(models.BinaryField):
    """A column whose blobs belong to one row. Found by ``manage.py reseal``; refuses filters and serialisers."""

    def place_of(self, instance: models.Model) -> str:
        """``app.Model.column.row-id``: what a blob of this row is sealed for."""
        if instance.pk is None:
            raise ValueError("a sealed column needs its row's id first: use a UUID key")
        return f"{self.model._meta.label}.{self.attname}.{instance.pk}"

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError("sealed columns cannot be searched; use a blind index")

    def value_to_string(self, obj: models.Model) -> str:
        raise FieldError("sealed columns are not serialised")


class FileKeyField(_Placed):
    """The key of a sealed file (``core.sealed_files``), as ``store_sealed`` gave it for ``place_of`` this row."""


class SealedField(_Placed):
    """Text that lies encrypted. Needs a row id before saving (a UUID key)."""

    descriptor_class = _SealedAttribute

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if isinstance(value, str):
            value = seal(value.encode(), place=self.place_of(model_instance))
            model_instance.__dict__[self.attname] = value
        elif isinstance(value, Sealed):
            value = value.blob
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, str):
            raise FieldError("a sealed column is written by saving its row, never by update() or bulk_update()")
        return super().get_db_prep_value(value, connection, prepared)
