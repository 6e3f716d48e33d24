"""What of a transfer is sealed, byte for byte. ``verify.py`` does the same and says nothing else is needed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Protocol

from escrow.models import Account, TransferKind
from escrow.records.tree import leaf_hash

VERSION = "tashi-transfer-v1"
FIELDS = ("id", "kind", "ref", "leg", "debit", "credit", "currency", "amount", "at")


class Moved(Protocol):
    """What of a transfer is looked at: an instance has it, and a row that was read as it lies."""

    @property
    def pk(self) -> int: ...
    @property
    def kind(self) -> int: ...
    @property
    def ref(self) -> int: ...
    @property
    def leg(self) -> int: ...
    @property
    def debit_id(self) -> int: ...
    @property
    def credit_id(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def amount(self) -> int: ...
    @property
    def at(self) -> datetime: ...


def fields_of(transfers: Iterable[Moved]) -> list[dict[str, str]]:
    """Each transfer as texts: accounts by their keys, the time in UTC to the microsecond."""
    rows = list(transfers)
    wanted = {row.debit_id for row in rows} | {row.credit_id for row in rows}
    keys: dict[Any, str] = dict(Account.objects.filter(pk__in=wanted).values_list("pk", "key"))
    return [
        {
            "id": str(row.pk),
            "kind": TransferKind(row.kind).name,
            "ref": str(row.ref),
            "leg": str(row.leg),
            "debit": keys[row.debit_id],
            "credit": keys[row.credit_id],
            "currency": row.currency,
            "amount": str(row.amount),
            "at": row.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        for row in rows
    ]


def encode(fields: dict[str, str]) -> bytes:
    """Version and fields, each with its length before it: no two rows can be written alike."""
    texts = [VERSION, *(fields[name] for name in FIELDS)]
    return b"".join(len(text.encode()).to_bytes(4, "big") + text.encode() for text in texts)


def leaf_of(fields: dict[str, str]) -> bytes:
    return leaf_hash(encode(fields))
