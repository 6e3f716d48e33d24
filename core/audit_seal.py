"""
Proof that nobody has changed the audit trail behind the triggers' back.

Entries are written plainly and cheaply. A tick later they are sealed in ranges of ids: each seal keeps a digest of
every row, their digest together with the head before it, and a signature under ``SIGNING_KEY``. Who can write to the
database but has not the key can neither change, remove nor slip in an entry, nor make the chain anew. Who cuts the
chain's end off is found out by any head that left the machine: in the log, in the daily mail.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db import connection, transaction

from core import append_only
from core.models import AuditEntry, AuditMark, AuditSeal

log = logging.getLogger(__name__)
BATCH = 2_000
LOCK = 0x7A52
GRACE = timedelta(seconds=30)  # a number may be drawn from the sequence before its transaction can be seen
LATE = timedelta(hours=1)
GENESIS = bytes(32)
SPEAKS = b"tashi audit seal 1\n"
ROW = struct.Struct(">q16s")
COLUMNS = ("id", "at", "user_id", "device_id", "act", "subject_type", "subject", "order_id", "reason", "facts")


@dataclass(frozen=True, slots=True)
class Break:
    """Where the trail stops being what was written: a row, or a seal."""

    what: str
    number: int

    def __str__(self) -> str:
        return f"{self.what} {self.number}"


def seal(*, now: datetime, limit: int = BATCH) -> int:
    """
    Seal what has been committed since the last time, at most ``limit`` entries; give how many.

    Nothing happens without a key, or while another process is at it. Safe to repeat.
    """
    if not settings.SIGNING_KEY:
        return 0
    with transaction.atomic():
        if not _is_alone():
            return 0
        last = AuditSeal.objects.order_by("-id").first()
        after = last.to_id if last else 0
        rows = list(
            AuditEntry.objects.filter(id__gt=after, id__lte=_settled(after, limit))
            .order_by("id")[:limit]
            .values(*COLUMNS)
        )
        if not rows:
            return 0
        hashes = [hash_of(row) for row in rows]
        to_id, digest = rows[-1]["id"], hashlib.sha256(b"".join(hashes)).digest()
        head = head_of(bytes(last.head) if last else GENESIS, after + 1, to_id, len(rows), digest)
        AuditSeal.objects.create(
            from_id=after + 1, to_id=to_id, count=len(rows), digest=digest, head=head, signature=_sign(head), at=now,
            rows=b"".join(ROW.pack(row["id"], made[:16]) for row, made in zip(rows, hashes, strict=True)),
        )  # fmt: skip
    log.info("audit sealed", extra={"facts": {"to": to_id, "head": head.hex()}})
    return len(rows)


def head_of(before: bytes, from_id: int, to_id: int, count: int, digest: bytes) -> bytes:
    return hashlib.sha256(before + struct.pack(">qqq", from_id, to_id, count) + digest).digest()


def hash_of(row: dict[str, Any]) -> bytes:
    """A digest of everything in a row; written the same whichever database gave it."""
    told = {name: None if row[name] is None else row[name] for name in COLUMNS}
    told["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(told, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).digest()


def breaks(*, expected: bytes | None = None) -> Iterator[Break]:
    """
    Everything that is not as it was sealed, in order; the first is where to look.

    ``expected``: a head that was seen elsewhere and must still be part of the chain.
    """
    for table in ("core_auditentry", "core_auditseal"):
        if not append_only.is_guarded(connection, table):
            yield Break(f"triggers taken off {table}, columns", 0)
    before, after, is_met = GENESIS, 0, expected is None
    for made in AuditSeal.objects.order_by("id").iterator(chunk_size=50):
        head = head_of(before, made.from_id, made.to_id, made.count, bytes(made.digest))
        if made.from_id != after + 1 or head != bytes(made.head) or not _is_signed(head, bytes(made.signature)):
            yield Break("broken seal", made.pk)
        yield from _breaks_in(made)
        before, after = bytes(made.head), made.to_id
        is_met = is_met or before == expected
    if not is_met:
        yield Break("the expected head is in no seal up to entry", after)


def newest_head() -> str:
    """The head of the chain, for who keeps it elsewhere; empty before the first seal."""
    last = AuditSeal.objects.order_by("-id").only("head").first()
    return bytes(last.head).hex() if last else ""


def is_late(now: datetime) -> bool:
    """Whether entries have waited so long to be sealed that somebody should look."""
    last = AuditSeal.objects.order_by("-id").values_list("to_id", flat=True).first() or 0
    oldest = AuditEntry.objects.filter(id__gt=last).order_by("id").values_list("at", flat=True).first()
    return bool(settings.SIGNING_KEY) and oldest is not None and now - oldest > LATE


def _breaks_in(made: AuditSeal) -> Iterator[Break]:
    kept = dict(ROW.iter_unpack(bytes(made.rows)))
    rows = AuditEntry.objects.filter(id__gte=made.from_id, id__lte=made.to_id).order_by("id").values(*COLUMNS)
    found = {row["id"]: hash_of(row) for row in rows.iterator(chunk_size=1_000)}
    for number in sorted(kept.keys() | found.keys()):
        if number not in found:
            yield Break("missing entry", number)
        elif number not in kept:
            yield Break("entry slipped in", number)
        elif found[number][:16] != kept[number]:
            yield Break("altered entry", number)
    whole = hashlib.sha256(b"".join(found[number] for number in sorted(found))).digest()
    if kept.keys() == found.keys() and whole != bytes(made.digest) and all(
        found[number][:16] == kept[number] for number in kept
    ):  # fmt: skip
        yield Break("broken seal", made.pk)


def _settled(after: int, limit: int) -> int:
    """
    Up to which id no further row can appear.

    SQLite has one writer. On PostgreSQL the highest id of a moment ago is taken once every transaction that ran then
    has ended: one of them may have drawn a lower number and commit late.
    """
    highest = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0
    if connection.vendor != "postgresql":
        return highest
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint"
                       " FROM pg_current_snapshot() AS s")  # fmt: skip
        low, high = cursor.fetchone()
    seen, mark = datetime.now(UTC), AuditMark.objects.filter(pk=1).first()
    is_restored = mark is not None and mark.horizon > high  # another server's numbers
    if mark is None or is_restored:
        AuditMark.objects.update_or_create(pk=1, defaults={"to_id": highest, "horizon": high, "seen_at": seen})
        return 0
    if low < mark.horizon or seen - mark.seen_at < GRACE:
        return 0
    rest = AuditEntry.objects.filter(id__gt=after, id__lte=mark.to_id).order_by("id").values_list("id")
    if len(rest[: limit + 1]) <= limit:  # else this mark is good for another batch
        AuditMark.objects.filter(pk=1).update(to_id=highest, horizon=high, seen_at=seen)
    return mark.to_id


def _is_alone() -> bool:
    """SQLite has one writing transaction at a time anyway."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


@lru_cache(maxsize=4)
def _private(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed, validate=True))


def _sign(head: bytes) -> bytes:
    return _private(settings.SIGNING_KEY).sign(SPEAKS + head)


def _is_signed(head: bytes, signature: bytes) -> bool:
    """By the key in use or one that was: ``RETIRED_SIGNING_KEYS`` are public halves, as ``/verify/`` shows them."""
    keys = [_private(settings.SIGNING_KEY).public_key()] if settings.SIGNING_KEY else []
    for line in settings.RETIRED_SIGNING_KEYS:
        keys.append(Ed25519PublicKey.from_public_bytes(base64.b64decode(line.rpartition("+")[2])[1:]))
    for key in keys:
        try:
            key.verify(signature, SPEAKS + head)
        except InvalidSignature:
            continue
        return True
    return False
